import Advisories
import ArgumentParser
import Domain
import Encoding

/// `gatehouse advisories`.
struct AdvisoriesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "advisories",
    abstract: "Import what is known to be weak, and see which versions have parts that are.",
    subcommands: [Import.self, List.self, Show.self, Status.self], defaultSubcommand: List.self)
}

extension AdvisoriesCommand {
  /// `gatehouse advisories import`.
  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have the platform go by these advisories, and by no others.",
      discussion: """
        They are read here, in the Open Source Vulnerability format: files of JSON, directories of such files, or zip \
        archives, as osv.dev publishes one for each ecosystem (PyPI/all.zip). What several publishers say of one \
        weakness counts once. What was imported before is replaced.
        """)

    @Argument(help: "Files of JSON, directories, zip archives.")
    var paths: [String]

    @Flag(help: "Leave out what does not read, instead of importing nothing.")
    var skipFaulty = false

    @Flag(help: "Take advisories that are older than those in force.")
    var older = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
      if paths.isEmpty { throw ValidationError("name at least one file, directory or archive") }
    }

    func run() async throws {
      let read = try LocalAdvisories(paths)
      for fault in read.faults { Console.prose(fault.description) }
      if read.faultCount > read.faults.count {
        Console.prose("and \(read.faultCount - read.faults.count) more that do not read")
      }
      guard read.faultCount == 0 || skipFaulty else {
        throw Problem(
          .badInput, "advisories.faulty",
          "expected advisories that all read, found \(read.faultCount) that do not",
          hint: "leave them out with '--skip-faulty'")
      }
      let database = try AdvisoryDatabase(of: read.records)
      guard database.count > 0 else {
        throw Problem(
          .badInput, "advisories.none-read",
          "expected at least one advisory, found "
            + (read.records.isEmpty ? "no record" : "only records that were taken back"),
          hint: "name the files, directories or archives that have them")
      }
      Console.prose(
        "\(read.records.count) records, \(database.count) advisories, \(readable(bytes: database.bytes.count))"
          + (read.faultCount == 0 ? "" : ", \(read.faultCount) left out"))
      let answer = try await server.withClient {
        try await $0.upload("/advisories\(older ? "?older=true" : "")", database.bytes) { _ in }
      }
      if json {
        var members = answer.object ?? [:]
        members["records"] = JSON(read.records.count)
        members["skipped"] = JSON(read.faultCount)
        return Console.data(.object(members))
      }
      Console.data(answer["digest"].cell)
      Console.prose(
        answer["imported"] == true
          ? "in force: the newest is of \(answer["newest"].cell)" : "in force already")
      Console.prose(
        "\(answer["affected"].cell) of \(answer["served"].cell) versions that are served have weak parts")
    }
  }

  /// `gatehouse advisories status`.
  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say which advisories are in force, how new they are, and who imported them when.",
      discussion: "Exit status: 1 where none were ever imported.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      let answer = try await server.withClient { try await $0.get("/advisories") }
      let present = answer["inForce"] ?? .null
      if json {
        Console.data(answer)
      } else if present == .null {
        Console.prose("no advisories were ever imported; import them with 'gatehouse advisories import'")
      } else {
        Console.data("digest      \(present["digest"].cell)")
        Console.data("advisories  \(present["advisories"].cell)")
        Console.data("newest      \(present["newest"].cell)")
        Console.data("imported    \(present["at"].cell) by \(present["by"].cell)")
      }
      if present == .null { throw CommandEnd(exitCode: 1) }
    }
  }

  /// `gatehouse advisories show`.
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Show an advisory in force under any of its names: what it is about, and which versions it names.")

    @Argument(help: "CVE-2024-5206, GHSA-…, PYSEC-…")
    var id: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      guard id.utf8.allSatisfy({ 0x21...0x7E ~= $0 && !"/?#%\\".utf8.contains($0) }), !id.isEmpty else {
        throw Problem(
          .badInput, "advisory.unknown", "expected the name of an advisory, found '\(id.excerpt(80))'",
          hint: "write it as publishers do, 'CVE-2024-5206'")
      }
      let answer = try await server.withClient { try await $0.get("/advisories/records/\(id)") }
      if json { return Console.data(answer) }
      Console.data("id          \(answer["id"].cell)")
      let aliases = (answer["aliases"]?.array ?? []).compactMap(\.string).joined(separator: ", ")
      if !aliases.isEmpty { Console.data("aliases     \(aliases)") }
      Console.data("severity    \(AdvisoriesCommand.severity(of: answer))")
      Console.data("published   \(answer["published"].cell)")
      Console.data("modified    \(answer["modified"].cell)")
      Console.data("summary     \(answer["summary"].cell)")
      for package in answer["affected"]?.array ?? [] {
        Console.data("affected    \(package["ecosystem"].cell) \(package["name"].cell)")
        for range in package["ranges"]?.array ?? [] {
          let events = (range["events"]?.array ?? []).map { event in
            (event.array ?? []).compactMap(\.string).joined(separator: " ")
          }
          Console.data("            \(events.joined(separator: ", "))")
        }
        let versions = (package["versions"]?.array ?? []).compactMap(\.string)
        if !versions.isEmpty { Console.data("            \(versions.joined(separator: ", "))") }
      }
    }
  }

  /// `gatehouse advisories list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the versions that are served and have parts that advisories are about.",
      discussion: "Exit status: 1 where there is one, or one of which nobody knows what it is made of.")

    @Option(help: "Only of this model.")
    var model: String?

    @Flag(help: "Versions that nobody is answered by, too.")
    var all = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      var query = all ? ["all=true"] : []
      if let model { query.append("model=\(try ModelName(parsing: model))") }
      let path = "/advisories/affected" + (query.isEmpty ? "" : "?\(query.joined(separator: "&"))")
      let answer = try await server.withClient { try await $0.get(path) }
      let versions = answer["versions"]?.array ?? []
      let affected = versions.filter { $0["advisories"]?.array?.isEmpty != true }
      if json {
        Console.data(answer)
      } else {
        Console.table(
          [["VERSION", "SERVED", "SEVERITY", "ADVISORY", "PART", "FIXED IN"]]
            + affected.flatMap(Self.rows(of:)))
        Console.prose("\(affected.count) of \(versions.count) versions have parts that advisories are about")
      }
      if !affected.isEmpty { throw CommandEnd(exitCode: 1) }
    }

    private static func rows(of version: JSON) -> [[String]] {
      let aliases = (version["aliases"]?.array ?? []).compactMap(\.string)
      let served = ((version["live"] == true ? ["live"] : []) + aliases).joined(separator: ", ")
      let start = [version["version"].cell, served.isEmpty ? "-" : served]
      guard let advisories = version["advisories"]?.array else {
        return [start + ["critical", "-", "nobody knows what it is made of", "-"]]
      }
      return advisories.flatMap { advisory in
        (advisory["parts"]?.array ?? []).map { part in
          let fixes = (part["fixedIn"]?.array ?? []).compactMap(\.string)
          return start + [
            AdvisoriesCommand.severity(of: advisory), advisory["id"].cell,
            "\(part["name"].cell) \(part["version"].cell)", fixes.first ?? "-",
          ]
        }
      }
    }
  }

  /// How grave an advisory counts; in words where nobody says.
  private static func severity(of advisory: JSON) -> String {
    advisory["severityStated"] == true
      ? advisory["severity"].cell : "\(advisory["severity"].cell) (not stated)"
  }
}
