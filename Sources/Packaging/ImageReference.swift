public import Domain
import Encoding

/// Where an image is in a registry: `HOST[:PORT]/REPOSITORY[:TAG|@sha256:…]`.
///
/// There is no registry that goes without saying, and no name that stands for another; the one thing that may be left
/// out is the tag `latest`.
public struct ImageReference: Equatable, Sendable, CustomStringConvertible {
  /// What other tools write before a reference; read, and never written.
  private static let prefixes = ["docker://", "oci://"]
  private static let longest = 512

  /// The host as a URL has it: small letters, an address of version 6 in brackets.
  public let host: String
  /// The port; nil for that of the scheme.
  public let port: Int?
  /// The repository, parts between slashes.
  public let repository: RepositoryName
  /// Which image of it.
  public let name: ManifestReference

  /// Reads a reference; throws `image.malformed-reference`, or `image.malformed-tag`.
  public init(parsing text: String) throws(Problem) {
    let quoted = "'\(text.excerpt(120))'"
    guard text.utf8.count <= Self.longest, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
      throw Self.malformed("at most \(Self.longest) visible characters of ASCII, found \(quoted)")
    }
    var rest = text[...]
    if let prefix = Self.prefixes.first(where: { rest.hasPrefix($0) }) { rest = rest.dropFirst(prefix.count) }
    guard let slash = rest.firstIndex(of: "/"), let authority = Authority(rest[..<slash]) else {
      throw Self.malformed(
        "a registry's host before the first '/', with a '.', a port, or 'localhost', found \(quoted)")
    }
    (host, port) = (authority.host, authority.port)
    rest = rest[rest.index(after: slash)...]
    if let at = rest.firstIndex(of: "@") {
      do { name = .digest(try Digest(parsing: String(rest[rest.index(after: at)...]))) } catch {
        throw Self.malformed("'sha256:' and 64 hexadecimal digits behind '@', found \(quoted)")
      }
      rest = rest[..<at]
    } else if let colon = rest.lastIndex(of: ":") {
      name = .tag(try ImageTag(parsing: String(rest[rest.index(after: colon)...])))
      rest = rest[..<colon]
    } else {
      name = .tag(try ImageTag(parsing: "latest"))
    }
    do { repository = try RepositoryName(parsing: String(rest)) } catch {
      throw Self.malformed(
        "a repository of small letters and digits, with '.', '_', '__' or '-' between them and '/' between its parts,"
          + " found \(quoted)")
    }
  }

  /// Whether somebody wrote before it that it is one.
  public static func isMarked(_ text: String) -> Bool { prefixes.contains { text.hasPrefix($0) } }

  /// The host, and the port where one is named.
  public var registry: String { port.map { "\(host):\($0)" } ?? host }

  /// The repository with its registry.
  public var place: String { "\(registry)/\(repository)" }

  /// The reference, with its tag.
  public var description: String {
    switch name {
    case .tag(let tag): "\(place):\(tag.text)"
    case .digest(let digest): "\(place)@\(digest)"
    }
  }

  /// Whether it is on this machine.
  public var isLoopback: Bool { Self.isLoopback(host) }

  /// Whether a host is this machine, whatever a name server says.
  public static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { 1...3 ~= $0.utf8.count && $0.utf8.allSatisfy(isDigit) }
  }

  private static func malformed(_ message: String) -> Problem {
    Problem(
      .badInput, "image.malformed-reference", "expected \(message)",
      hint: "name an image as in 'registry.example:5000/models/iris:3'")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  private static func isSmall(_ byte: UInt8) -> Bool {
    isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
  }

  /// A host and a port, of which a reader can tell that they are.
  private struct Authority {
    let host: String
    let port: Int?

    init?(_ text: Substring) {
      let text = text.lowercased()
      let isBracketed = text.first == "["
      let end =
        isBracketed
        ? text.firstIndex(of: "]").map(text.index(after:)) : text.firstIndex(of: ":") ?? text.endIndex
      guard let end, isBracketed ? Self.isAddress(text[..<end]) : Self.isName(text[..<end]) else {
        return nil
      }
      host = String(text[..<end])
      if end == text.endIndex {
        port = nil
        guard isBracketed || host == "localhost" || host.contains(".") else { return nil }
      } else {
        let digits = text[end...].dropFirst()
        guard text[end] == ":", 1...5 ~= digits.utf8.count, digits.utf8.allSatisfy(isDigit),
          let number = Int(digits), 1...65535 ~= number
        else { return nil }
        port = number
      }
    }

    /// Labels of RFC 1123 section 2.1, or four numbers, which look the same.
    private static func isName(_ text: Substring) -> Bool {
      1...253 ~= text.utf8.count
        && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
          1...63 ~= label.utf8.count && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { isSmall($0) || $0 == UInt8(ascii: "-") }
        }
    }

    /// Eight groups of RFC 4291 section 2.2, of which `::` stands for those that are missing; without the form that has
    /// an address of version 4 at its end.
    private static func isAddress(_ text: Substring) -> Bool {
      let groups = text.dropFirst().dropLast().split(separator: ":", omittingEmptySubsequences: false)
      guard groups.count <= 9, text.first == "[", text.last == "]" else { return false }
      var (found, isShortened) = (0, false)
      var place = groups.startIndex
      while place < groups.endIndex {
        guard groups[place].isEmpty else {
          guard isGroup(groups[place]) else { return false }
          found += 1
          place += 1
          continue
        }
        // Two colons: one empty group between others, two at either end, three alone.
        let end = groups[place...].firstIndex { !$0.isEmpty } ?? groups.endIndex
        let expected = 1 + (place == groups.startIndex ? 1 : 0) + (end == groups.endIndex ? 1 : 0)
        guard !isShortened, end - place == expected else { return false }
        isShortened = true
        place = end
      }
      return isShortened ? found <= 7 : found == 8
    }

    private static func isGroup(_ text: Substring) -> Bool {
      1...4 ~= text.utf8.count
        && text.utf8.allSatisfy { isDigit($0) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 }
    }
  }
}
