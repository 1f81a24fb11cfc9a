import ArgumentParser
import Domain
import Encoding

/// `gatehouse audit origins`.
struct OriginsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "origins",
    abstract: "List the addresses that the handles in the ledger stand for, or erase old ones.",
    discussion: """
      An entry says from where it was asked for: 'origin' has the way in, what was presented, and a handle of the address, \
      another each day. What is erased here is gone; the ledger stays as it is, and so do its proofs.
      """)

  @Option(help: ArgumentHelp("Erase what was first seen before a moment.", valueName: "time"))
  var forgetBefore: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  func run() async throws {
    if let forgetBefore {
      let moment = try Timestamp(parsing: forgetBefore)
      try await server.withClient { try await $0.delete("/origins?before=\(moment.milliseconds)") }
      return Console.prose("what was first seen before \(moment) is erased")
    }
    let answer = try await server.withClient { try await $0.get("/origins") }
    if json { return Console.data(answer) }
    let rows = (answer["origins"]?.array ?? []).map {
      [$0["origin"].cell, $0["address"].cell, $0["since"].cell]
    }
    guard !rows.isEmpty else { return Console.prose("no addresses are known") }
    Console.table([["ORIGIN", "ADDRESS", "SINCE"]] + rows)
  }
}
