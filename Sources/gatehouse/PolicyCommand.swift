import ArgumentParser
import Documents
import Domain
import Encoding
import Gates

/// `gatehouse policy`.
struct PolicyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy",
    abstract: "Check policies and hold them against cases, before a platform goes by them.",
    subcommands: [
      PolicyCheckCommand.self, PolicyTestCommand.self, PolicyShowStandardCommand.self, Apply.self, Agree.self,
      Withdraw.self, List.self, Explain.self, Exceptions.self,
    ])
}

/// `gatehouse policy check`.
struct PolicyCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Read policy files and tell everything that is wrong with them.",
    discussion: """
      Needs no server. Exit status: 0 every file is a policy, 1 some file is none, 2 a file that cannot be read.
      """)

  @Argument(help: "Policy files.")
  var files: [String]

  @Flag(help: "Print the results as JSON.")
  var json = false

  func run() async throws {
    var results: [JSON] = []
    var unread: Problem?
    var areAllPolicies = true
    for file in files {
      let bytes: [UInt8]
      do throws(Problem) { bytes = try PolicyFiles.read(file) } catch {
        Console.prose(error.description)
        unread = unread ?? error
        continue
      }
      let reading = PolicyReading(bytes)
      areAllPolicies = areAllPolicies && reading.policy != nil
      if json {
        results.append(Self.json(of: reading, file))
      } else if let policy = reading.policy {
        let counts = "\(count(policy.gates.count, "gate")), \(count(policy.exceptions.count, "exception"))"
        Console.data("\(file.excerpt()): \(policy.name), \(counts), \(policy.digest)")
      } else {
        DocumentFaults.tell(reading.faults, isCut: reading.isCut, of: file)
      }
    }
    if json { Console.data(["results": .array(results)]) }
    if let unread { throw CommandEnd(exitCode: unread.exitCode) }
    if !areAllPolicies { throw CommandEnd(exitCode: 1) }
  }

  private func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }

  private static func json(of reading: PolicyReading, _ file: String) -> JSON {
    var members: [String: JSON] = [
      "path": .string(file), "valid": .bool(reading.policy != nil),
      "faults": .array(reading.faults.map(\.json)), "cut": .bool(reading.isCut),
    ]
    if let policy = reading.policy {
      members["name"] = .string(policy.name)
      members["digest"] = .string(policy.digest.description)
      members["gates"] = .array(
        policy.gates.map {
          ["gate": .string($0.code), "phase": .string($0.phase.rawValue), "line": JSON($0.line)]
        })
      members["exceptions"] = .array(policy.exceptions.map(\.json))
    }
    return .object(members)
  }
}

/// `gatehouse policy test`.
struct PolicyTestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Hold a policy against cases: evidence, and what the policy has to say of it.",
    discussion: """
      Needs no server. Exit status: 0 everything came out as the cases say, 1 something did not, 2 a file that cannot \
      be read or is not what it should be.
      """)

  @Argument(help: "A policy file.")
  var policy: String

  @Argument(help: "A file of cases.")
  var cases: String

  @Flag(help: "Print the results as JSON.")
  var json = false

  func run() async throws {
    let tested = try DocumentFaults.require(PolicyReading(try PolicyFiles.read(policy)), of: policy)
    let results = try DocumentFaults.require(PolicyCases(try PolicyFiles.read(cases)), of: cases).map {
      $0.result(under: tested)
    }
    let failed = results.count { !$0.isPassed }
    if json {
      Console.data([
        "policy": .string(tested.digest.description), "passed": .bool(failed == 0),
        "cases": .array(results.map(\.json)),
      ])
    } else {
      for result in results { tell(result) }
      Console.data("\(results.count - failed) of \(results.count) cases passed")
    }
    if failed > 0 { throw CommandEnd(exitCode: 1) }
  }

  private func tell(_ result: PolicyCaseResult) {
    Console.data("\(result.isPassed ? "passed" : "failed")  \(result.name)")
    guard !result.isPassed else { return }
    Console.data("  --> \(cases.excerpt()):\(result.line)")
    for difference in result.differences { Console.data("  \(difference)") }
    for gate in result.report.results where gate.outcome != .passed {
      let place = gate.line.map { " (\(policy.excerpt()):\($0))" } ?? ""
      Console.data("    \(gate.gate)\(place) \(gate.outcome.rawValue): \(gate.reason.excerpt())")
    }
  }
}

/// `gatehouse policy show-standard`.
struct PolicyShowStandardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show-standard",
    abstract: "Print the policy of a platform that was given no other, to begin one's own with.")

  func run() async throws {
    // The bytes of the file to the last, so that what is saved has the same digest.
    Console.bytes(Policy.standard.bytes)
  }
}

/// Policy files on the command line.
private enum PolicyFiles {
  /// The most bytes that such a file has.
  private static let limit = 1 << 20

  static func read(_ file: String) throws(Problem) -> [UInt8] { try LocalFiles.read(file, limit: limit) }
}
