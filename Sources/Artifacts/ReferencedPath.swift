/// The name of another file, as an artifact gives it.
public enum ReferencedPath {
  /// What makes a path reach outside the artifact's own directory, in words; nil for one that stays inside.
  ///
  /// Goes by what any operating system would make of the name, not only by what this one does.
  public static func fault(_ path: ArraySlice<UInt8>) -> String? {
    if path.isEmpty { return "an empty path" }
    if path.contains(0) { return "a path with a NUL in it" }
    let text = String(decoding: path, as: UTF8.self)
    if text.contains("_ORT_MEM_ADDR_") { return "an address in the memory of the process" }
    if text.contains("://") { return "a URL" }
    if path.first == UInt8(ascii: "/") { return "an absolute path" }
    if path.contains(UInt8(ascii: "\\")) { return "a path with a backslash" }
    if path.dropFirst().first == UInt8(ascii: ":") { return "a path with a drive" }
    if path.first == UInt8(ascii: "~") { return "a path in a home directory" }
    if path.split(separator: UInt8(ascii: "/")).contains(where: { $0.elementsEqual("..".utf8) }) {
      return "a path that leads out of its directory"
    }
    return nil
  }

  /// The place that a relative path leads to, for a file whose own place is `member`.
  public static func resolve(_ path: ArraySlice<UInt8>, from member: String) -> String {
    var parts = member.split(separator: "/").dropLast().map(String.init)
    for part in path.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
      parts.append(String(decoding: part, as: UTF8.self))
    }
    return parts.joined(separator: "/")
  }
}
