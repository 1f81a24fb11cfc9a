/// A package as advisories name it: by the ecosystem that it is published in, and its name there.
public struct PackageName: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The ecosystem, `PyPI`, perhaps with a release behind it, `Debian:12`.
  public let ecosystem: String
  /// The name, in the one spelling that the ecosystem takes for all of it.
  public let name: String

  /// Names a package, however its name is spelled.
  public init(_ ecosystem: String, _ name: String) {
    self.ecosystem = ecosystem
    switch ecosystem {
    case "PyPI": self.name = Self.python(name)
    case "SwiftURL": self.name = Self.swift(name)
    default: self.name = name
    }
  }

  /// `PyPI/scikit-learn`.
  public var description: String { "\(ecosystem)/\(name)" }

  /// By ecosystem and name as bytes.
  public static func < (left: PackageName, right: PackageName) -> Bool {
    left.ecosystem == right.ecosystem
      ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
      : left.ecosystem.utf8.lexicographicallyPrecedes(right.ecosystem.utf8)
  }

  /// Whether anything is left of its name in the ecosystem's spelling.
  var isWhole: Bool { !name.isEmpty }

  /// The ecosystem without a release of it.
  var family: String { String(ecosystem.prefix { $0 != ":" }) }

  /// In lower case, and every run of `-`, `_` and `.` as one `-` (PEP 503).
  private static func python(_ name: String) -> String {
    var normal: [UInt8] = []
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        if normal.last != UInt8(ascii: "-") { normal.append(UInt8(ascii: "-")) }
      case 0x41...0x5A: normal.append(byte | 0x20)
      default: normal.append(byte)
      }
    }
    return String(decoding: normal, as: UTF8.self)
  }

  /// The address of a repository without what names no other one: scheme, case, `.git` and a slash at its end.
  ///
  /// All of them, however often: the spelling of a spelling is itself.
  private static func swift(_ name: String) -> String {
    var rest = Array(name.lowercased().utf8)[...]
    var before: Int
    repeat {
      before = rest.count
      for start in ["https://", "http://"] where rest.starts(with: start.utf8) {
        rest = rest.dropFirst(start.utf8.count)
      }
      for end in ["/", ".git"] where rest.suffix(end.utf8.count).elementsEqual(end.utf8) {
        rest = rest.dropLast(end.utf8.count)
      }
    } while rest.count < before
    return String(decoding: rest, as: UTF8.self)
  }
}
