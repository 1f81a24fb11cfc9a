import Foundation

/// The checkout that these tests were built from.
struct SourceTree {
  let root: URL

  /// Finds the package's root from this file's place in it.
  init(file: String = #filePath) {
    root = URL(filePath: file).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  /// The manifest in a folder, the root's where none is named, as the package manager reads it.
  ///
  /// A scratch directory of its own keeps clear of the lock that `swift test` may hold on the usual one.
  func describePackage(in folder: String = "") throws -> PackageDescription {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "architecture-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    // It leaves locks and folders in the directory for temporary files, which is therefore this one.
    let dump = try Subprocess.output(
      of: "/usr/bin/env",
      [
        "TMPDIR=\(scratch.path())", "swift", "package", "--package-path", root.appending(path: folder).path(),
        "--scratch-path",
        scratch.path(), "dump-package",
      ])
    return try PackageDescription(dump: dump)
  }

  func components() throws -> [Component] {
    try describePackage().targets.map { target in
      let imports = try files(under: target.path, withSuffixes: [".swift"]).flatMap { file in
        ImportScanner.imports(in: try text(of: file), file: file)
      }
      return Component(target, imports: imports)
    }
  }

  /// The files below a directory, hidden ones left out, each by its path from the root.
  func files(under directory: String, withSuffixes suffixes: [String]) throws -> [String] {
    let all = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: directory).path())
    return all.filter { path in
      suffixes.contains { path.hasSuffix($0) } && !path.split(separator: "/").contains { $0.hasPrefix(".") }
    }
    .map { "\(directory)/\($0)" }.sorted()
  }

  func text(of file: String) throws -> String {
    try String(contentsOf: root.appending(path: file), encoding: .utf8)
  }
}

/// A file that is longer than the house allows.
enum FileLength {
  static let limit = 500

  static func problem(of file: String, _ text: String) -> String? {
    let lines = text.utf8.count { $0 == UInt8(ascii: "\n") }
    return lines > limit ? "expected at most \(limit) lines in \(file), found \(lines)" : nil
  }
}
