import ArgumentParser
import Domain
import Encoding

/// `gatehouse deployments`.
struct DeploymentsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deployments", abstract: "Set what a deployment goes by.", subcommands: [Set.self])

  /// `gatehouse deployments set`.
  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set what a deployment goes by; what is not named stays as it is.")

    @Argument(help: "The deployment's name.")
    var name: String

    @Option(help: "Keep the rows and answers of this share of requests in their records: '1%', '0'.")
    var recordPayloads: String?

    @Option(
      help: "Features and outputs whose values never stand in a record, with commas between; '' for none.")
    var mask: String?

    @Option(help: "What becomes of predictions that no record can be written of: refuse, go-on or default.")
    var whenSpoolFull: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let name = try ModelName(parsing: name)
      let share = try recordPayloads.map { (text) throws(Problem) in try Self.millionths(text) }
      guard recordPayloads != nil || mask != nil || whenSpoolFull != nil else {
        throw Problem(
          .usage, "usage.nothing-to-set",
          "expected '--record-payloads', '--mask' or '--when-spool-full', found none of them")
      }
      let answer = try await server.withClient { client in
        let present = try await client.get("/deployments/\(name)/records")
        var members = present.object ?? [:]
        if let share { members["payloadMillionths"] = JSON(share) }
        if let mask { members["masked"] = .array(mask.split(separator: ",").map { .string(String($0)) }) }
        if let whenSpoolFull {
          members["whenSpoolFull"] = whenSpoolFull == "default" ? nil : .string(whenSpoolFull)
        }
        return try await client.put("/deployments/\(name)/records", .object(members))
      }
      if json { return Console.data(answer) }
      Console.prose("\(name) records by \(answer.canonicalText)")
    }

    /// How many of a million a share is: `1%`, `0.25%`, `0`.
    private static func millionths(_ text: String) throws(Problem) -> Int {
      let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
      guard text == "0" || text.hasSuffix("%"), let percent = Double(digits), 0...100 ~= percent else {
        throw Problem(
          .usage, "records-policy.malformed",
          "expected a share from 0% to 100%, found '\(text.excerpt(40))'")
      }
      return Int((percent * 10_000).rounded())
    }
  }
}
