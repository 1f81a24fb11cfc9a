import Domain
import Lifecycle
import Packaging
import Provenance
import Statements

/// The data plane's program, as images are packed with it.
struct ProgramFileSource: ProgramSource {
  /// As much of a program's file as says what it is.
  private static let head = 64 << 10

  private let path: String

  /// Names the program at a path; nil where no image can run it, as one that was built for debugging.
  init?(path: String) throws(Problem) {
    let head = try LocalFiles.head(of: path, count: Self.head)
    guard (try? ProgramFile.architecture(of: head)) != nil else { return nil }
    self.path = path
  }

  func read() throws(Problem) -> [UInt8] { try LocalFiles.read(path) }

  /// What 'scripts/build' wrote beside it.
  func build() throws(Problem) -> [UInt8]? {
    let record = "\(path).build.json"
    return LocalFiles.kind(of: record).isFile
      ? try LocalFiles.read(record, limit: ProgramBuild.sizeLimit) : nil
  }
}
