import Advisories
import Artifacts
import Domain

/// Advisories in files that a user names: of JSON, in directories, in zip archives.
struct LocalAdvisories {
  /// The most files in a directory, and members of an archive.
  private static let fileLimit = 2_000_000
  /// The most bytes of an archive, and of all that is unpacked from one.
  private static let archiveLimit = 2 << 30
  private static let unpackedLimit = 8 << 30
  /// How many faults are told one by one.
  private static let faultLimit = 100

  /// What was read, in the order of the paths.
  private(set) var records: [AdvisoryRecord] = []
  /// What did not read, with the file and the place in it; the first of many.
  private(set) var faults: [Problem] = []
  /// How many did not read.
  private(set) var faultCount = 0

  /// Reads everything; throws where a path leads nowhere, or an archive is not whole.
  init(_ paths: [String]) throws(Problem) {
    for path in paths {
      for member in try LocalFiles.members(of: path, limit: Self.fileLimit) {
        guard !member.isEmpty else {
          try readFile(path)
          continue
        }
        if [".json", ".zip"].contains(where: member.lowercased().hasSuffix) {
          try readFile("\(path)/\(member)")
        }
      }
    }
  }

  private mutating func readFile(_ path: String) throws(Problem) {
    let bytes = try LocalFiles.read(path, limit: Self.archiveLimit)
    if ZipArchive.begins(bytes[...]) { try readArchive(bytes, path) } else { read(bytes[...], path) }
  }

  /// An archive that is not whole has less in it than was meant: nothing of it is taken.
  private mutating func readArchive(_ bytes: [UInt8], _ path: String) throws(Problem) {
    let archive = ZipArchive(bytes[...], memberLimit: Self.fileLimit)
    if let irregularity = archive.irregularities.first { throw Self.fault(irregularity, path) }
    var unpacked = 0
    var budget = ReadingBudget()
    budget.decompressedBytes = AdvisoryRecord.sizeLimit
    for member in archive.members where member.name.hasSuffix(".json") {
      let contents = archive.contents(of: member, budget: budget)
      for irregularity in contents.irregularities { add(Self.fault(irregularity, path)) }
      guard let bytes = contents.bytes, contents.irregularities.isEmpty else { continue }
      unpacked += bytes.count
      guard unpacked <= Self.unpackedLimit else {
        throw Problem(
          .tooLarge, "advisories.too-large",
          "expected at most \(Self.unpackedLimit) bytes in an archive, found more", subject: path)
      }
      read(bytes, "\(path):\(member.name)")
    }
  }

  private mutating func read(_ bytes: ArraySlice<UInt8>, _ path: String) {
    do throws(Problem) {
      records += try AdvisoryRecord.records(parsing: bytes)
    } catch {
      var fault = error
      fault.subject = path
      add(fault)
    }
  }

  private static func fault(_ irregularity: ArchiveIrregularity, _ path: String) -> Problem {
    Problem(
      .badInput, "advisories.archive", irregularity.message,
      subject: irregularity.member.map { "\(path):\($0)" } ?? path,
      position: irregularity.offset.map { "byte \($0)" })
  }

  private mutating func add(_ fault: Problem) {
    faultCount += 1
    if faults.count < Self.faultLimit { faults.append(fault) }
  }
}
