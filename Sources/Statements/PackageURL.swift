import Encoding

/// A package by its type, name and version, as one text (https://github.com/package-url/purl-spec).
struct PackageURL: Hashable, CustomStringConvertible {
  let description: String

  /// A package of the Python Package Index; its name has one spelling there.
  static func pypi(_ name: String, _ version: String?) -> PackageURL {
    PackageURL("pypi", [], String(name.lowercased().map { $0 == "_" ? "-" : $0 }), version)
  }

  /// A package of conda, of this build and from this channel where they are known.
  static func conda(_ name: String, _ version: String?, build: String?, channel: String?) -> PackageURL {
    PackageURL(
      "conda", [], name.lowercased(), version,
      [("build", build), ("channel", channel)].compactMap { key, value in value.map { (key, $0) } })
  }

  /// Anything that has no index of its own.
  static func generic(_ name: String, _ version: String?) -> PackageURL {
    PackageURL("generic", [], name, version)
  }

  /// A package of Swift by the address of its repository; nil for an address without a host and a path.
  static func swift(repository: String, _ version: String?) -> PackageURL? {
    let https = "https://"
    guard repository.hasPrefix(https) else { return nil }
    var path = repository.dropFirst(https.count).split(separator: "/").map(String.init)
    guard path.count >= 2, var name = path.popLast() else { return nil }
    if name.hasSuffix(".git") { name.removeLast(4) }
    return PackageURL("swift", path, name, version)
  }

  /// A package of Debian.
  static func debian(_ name: String, _ version: String, architecture: String) -> PackageURL {
    PackageURL("deb", ["debian"], name, version, [("arch", architecture)])
  }

  /// An image by its name and the digest of its manifest.
  static func image(_ name: String, _ digest: String) -> PackageURL {
    PackageURL("oci", [], name.lowercased(), digest)
  }

  private init(
    _ type: String, _ namespace: [String], _ name: String, _ version: String?,
    _ qualifiers: [(key: String, value: String)] = []
  ) {
    var text = "pkg:\(type)/"
    for part in namespace { text += Self.encoded(part) + "/" }
    text += Self.encoded(name)
    if let version { text += "@" + Self.encoded(version) }
    if !qualifiers.isEmpty {
      text += "?" + qualifiers.map { "\($0.key)=\(Self.encoded($0.value))" }.joined(separator: "&")
    }
    description = text
  }

  /// Percent-encodes all but what a URI may have anywhere, and the colon, which stays.
  private static func encoded(_ text: String) -> String {
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: ":"):
        encoded.append(byte)
      default: encoded += Array("%\(Hexadecimal.encode(CollectionOfOne(byte)).uppercased())".utf8)
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
