import ArgumentParser
import Domain
import Encoding
import Lifecycle
import Storage

/// `gatehouse backup`.
struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the whole state of a platform into a folder, beside the platform that runs.",
    discussion: """
      The folder holds every act that was acknowledged before, is verified like a data directory before this ends, \
      and has the platform's keys in it: keep it as you keep those. Access records are in it as far as the ledger \
      knows them; what the data plane has written since is not. Exit status 5 where what is copied is not as it was written.
      """)

  @Argument(help: "The folder to make; it must not be there yet.")
  var folder: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var data: DataOption

  func run() async throws {
    let directory = data.directory
    let key = try DataAudit(directory).ledgerKey()
    let document = try await DataBackup(of: directory, to: DataDirectory.absolute(folder))(
      at: SystemTime().now(), version: GatehouseCommand.version, trusting: key, check: problems)
    Console.show(
      document, json: json, "backup in \(folder)",
      "restore it with: gatehouse restore \(folder) --data DIRECTORY")
  }
}

/// `gatehouse restore`.
struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Make a data directory from a backup, verified file by file and as a whole.",
    discussion: """
      The directory must not be there yet, or be empty. What was acknowledged after the backup was made is not in it: \
      start no platform on it while the one that it is a copy of runs on. The first start writes into the ledger where \
      it comes from.
      """)

  @Argument(help: "A folder that 'gatehouse backup' has made.")
  var folder: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var data: DataOption

  func run() async throws {
    let directory = data.directory
    let document = try await DataRestore(of: DataDirectory.absolute(folder), to: directory)(check: problems)
    Console.show(
      document, json: json, "restored to \(directory.path)",
      "start it with: gatehouse serve --data \(directory.path)")
  }
}

/// What an audit of a data directory finds.
private func problems(in directory: DataDirectory) async throws(Problem) -> [Problem] {
  try await DataAudit(directory)().problems
}

extension Console {
  /// Shows what a backup is.
  fileprivate static func show(_ document: BackupDocument, json: Bool, _ what: String, _ next: String) {
    guard !json else { return data(document.json) }
    data(
      "\(what): \(document.files) files, \(document.byteCount) bytes, \(document.entries) ledger entries, root \(document.root.short),"
        + " made \(document.made)")
    data("all is as it was written")
    prose(next)
  }
}
