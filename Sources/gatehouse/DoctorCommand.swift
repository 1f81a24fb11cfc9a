import ArgumentParser
import Domain
import Encoding
import Glibc
import Storage

/// `gatehouse doctor`.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what is missing on this machine, and the line that mends it.")

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var server: ServerOptions

  /// One thing that was looked at.
  private struct Check {
    let name: String
    let isWell: Bool
    let found: String
    var remedy = ""
  }

  func run() async throws {
    let checks = [program(), descriptors(), dataDirectory(), credential()] + (await planes())
    if json {
      Console.data([
        "checks": .array(
          checks.map {
            [
              "name": .string($0.name), "ok": .bool($0.isWell), "found": .string($0.found),
              "remedy": .string($0.remedy),
            ]
          })
      ])
    } else {
      for check in checks {
        Console.data("\(check.isWell ? "ok     " : "missing")  \(check.name.padded(to: 16))  \(check.found)")
        if !check.isWell { Console.data("         \("".padded(to: 16))  mend: \(check.remedy)") }
      }
    }
    if checks.contains(where: { !$0.isWell }) { throw CommandEnd(exitCode: 1) }
  }

  private func program() -> Check {
    let path = ServeCommand.ownRuntime
    let isThere = unsafe access(path, X_OK) == 0
    return Check(
      name: "runtime", isWell: isThere, found: isThere ? path : "no program at \(path)",
      remedy: "scripts/build")
  }

  private func descriptors() -> Check {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Check(
      name: "open files", isWell: limit.rlim_cur >= 1024, found: "\(limit.rlim_cur) allowed",
      remedy: "ulimit -n 4096")
  }

  private func dataDirectory() -> Check {
    let path = server.data.directory.path
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      return Check(name: "data directory", isWell: false, found: "none at \(path)", remedy: "gatehouse serve")
    }
    let isPrivate = status.st_mode & 0o077 == 0
    return Check(
      name: "data directory", isWell: isPrivate,
      found: isPrivate ? path : "\(path) is open to others", remedy: "chmod 700 \(path)")
  }

  private func credential() -> Check {
    let path = server.tokenFile ?? server.data.directory.adminToken
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      return Check(name: "credential", isWell: false, found: "none at \(path)", remedy: "gatehouse serve")
    }
    let isPrivate = status.st_mode & 0o077 == 0
    return Check(
      name: "credential", isWell: isPrivate,
      found: isPrivate ? path : "\(path) is open to others", remedy: "chmod 600 \(path)")
  }

  /// What the data plane has given up and what not, which no line alone can mend: kernels and containers differ.
  private static func confinement(_ json: JSON?) -> String {
    guard let confinement = json.flatMap(PlaneConfinement.init(json:)) else { return "no process serves" }
    if confinement.lacks.isEmpty { return confinement.holds.joined(separator: ", ") }
    return "not \(confinement.lacks.joined(separator: ", not "))"
  }

  /// The control plane, and what it says of the data plane.
  private func planes() async -> [Check] {
    do {
      let status = try await server.withClient { try await $0.get("/status") }
      let metrics = status["admin"]?.string.map { "metrics on \($0)/metrics" } ?? "no metrics"
      return [
        Check(
          name: "control plane", isWell: true,
          found: "version \(status["version"].cell)"
            + (status["environment"]?.string.map { ", \($0)" } ?? "")),
        Check(
          name: "data plane", isWell: true, found: "predictions on \(status["plane"].cell), \(metrics)"),
        Check(
          name: "registry", isWell: true,
          found: status["registry"]?.string.map { "images on \($0)/v2/" } ?? "none, by --registry-listen none"
        ),
        Check(name: "confinement", isWell: true, found: Self.confinement(status["confinement"])),
      ]
    } catch let problem as Problem {
      return [
        Check(
          name: "control plane", isWell: false, found: problem.message,
          remedy: problem.hint ?? "gatehouse serve")
      ]
    } catch {
      return [Check(name: "control plane", isWell: false, found: "\(error)", remedy: "gatehouse serve")]
    }
  }
}
