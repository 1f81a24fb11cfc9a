import Foundation

/// Which shared libraries a program loads.
enum Linkage {
  /// The libraries that a small data plane must not load, and why they are large: Foundation brings ICU.
  static let forbidden = [
    "libFoundation.so", "libFoundationInternationalization.so", "lib_FoundationICU.so",
    "libFoundationNetworking.so",
    "libsqlite3.so",
  ]

  /// The names of the libraries in what `ldd` prints, `libc.so.6` for `libc.so.6 => /lib/libc.so.6 (0x7f…)`.
  static func libraries(inListing listing: String) -> [String] {
    listing.split(separator: "\n").compactMap { line in
      let words = line.split { $0 == " " || $0 == "\t" }
      guard let name = words.first, name.contains(".so") else { return nil }
      return name.split(separator: "/").last.map(String.init)
    }
  }

  static func forbiddenLibraries(inListing listing: String) -> [String] {
    libraries(inListing: listing).filter { name in
      forbidden.contains { name == $0 || name.hasPrefix("\($0).") }
    }
  }

  /// The directory that holds the test bundle and with it the programs of the same build.
  ///
  /// On Linux the bundle is either the running program itself or an argument of the testing library's runner.
  static func buildDirectory(arguments: [String]) -> URL? {
    arguments.first { $0.hasSuffix(".xctest") }.map { URL(filePath: $0).deletingLastPathComponent() }
  }
}
