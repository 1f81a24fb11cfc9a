public import Domain
import Encoding
public import Packaging

/// Who somebody is to the registries that a file names: docker's `config.json` and podman's `auth.json`, or one line.
///
/// What is secret in it is never part of a description.
public struct RegistryLogins: Sendable {
  private static let longest = 1 << 20
  private static let most = 1000

  /// What is known for one repository.
  enum Entry: Equatable, Sendable, CustomStringConvertible {
    case none
    case password(user: String, password: String)
    /// Another program would have to be run to learn it.
    case helper(String)
    /// A token that only another protocol takes.
    case identityToken

    var description: String {
      switch self {
      case .none: "none"
      case .password(let user, _): "the password of \(user)"
      case .helper(let name): "the credential helper '\(name)'"
      case .identityToken: "an identity token"
      }
    }
  }

  private var entries: [String: Entry] = [:]
  /// Counts for each registry that is not named.
  private var others = Entry.none

  /// Nobody, to everybody.
  public init() {}

  /// Reads a file: JSON as docker and podman write it, or `USER:PASSWORD` on one line, which is for the registry that is
  /// spoken to.
  ///
  /// Throws `credentials.malformed`; nothing of the file is in that.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    guard bytes.count <= Self.longest else { throw Self.malformed("at most \(Self.longest) bytes", "more") }
    let first = bytes.first { $0 > 0x20 }
    guard first == UInt8(ascii: "{") else {
      guard let line = String(validating: bytes, as: UTF8.self) else {
        throw Self.malformed("JSON or one line", "bytes that are no text")
      }
      let lines = line.split(whereSeparator: \.isNewline)
      guard lines.count == 1, let entry = Self.entry(lines[0]) else {
        throw Self.malformed("JSON, or 'USER:PASSWORD' on one line", "another form")
      }
      others = entry
      return
    }
    try read(bytes)
  }

  private mutating func read(_ bytes: [UInt8]) throws(Problem) {
    guard let json = try? JSON(parsing: bytes, limits: JSONLimits(depth: 16, values: 100_000)) else {
      throw Self.malformed("JSON as docker and podman write it", "another form")
    }
    if let store = json["credsStore"]?.string, !store.isEmpty { others = .helper(store) }
    for (registry, helper) in (json["credHelpers"]?.object ?? [:]).prefix(Self.most) {
      guard let helper = helper.string else { continue }
      entries[Self.normalised(registry)] = .helper(helper)
    }
    let auths = json["auths"]?.object ?? [:]
    guard auths.count <= Self.most else { throw Self.malformed("at most \(Self.most) registries", "more") }
    // Sorted: which of two spellings of a registry counts is no matter of chance.
    for (registry, value) in auths.sorted(by: { $0.key > $1.key }) {
      if let entry = try Self.entry(value, registry) { entries[Self.normalised(registry)] = entry }
    }
  }

  /// What one registry's object says; nil where it says nothing, as docker writes beside a credential store.
  private static func entry(_ json: JSON, _ registry: String) throws(Problem) -> Entry? {
    if let token = json["identitytoken"]?.string, !token.isEmpty { return .identityToken }
    if let auth = json["auth"]?.string, !auth.isEmpty {
      guard let bytes = Base64.decode(auth), let text = String(validating: bytes, as: UTF8.self),
        let entry = entry(text.prefix { $0 != "\0" })
      else {
        throw malformed("'user:password' in base 64 at '/auths/\(registry.excerpt(80))/auth'", "another form")
      }
      return entry
    }
    guard let user = json["username"]?.string, let password = json["password"]?.string else { return nil }
    return entry("\(user):\(password)"[...])
  }

  /// A user is what is before the first colon (RFC 7617 section 2).
  private static func entry(_ text: Substring) -> Entry? {
    guard let colon = text.firstIndex(of: ":"), colon != text.startIndex, text.utf8.count <= 65_536,
      text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else { return nil }
    return .password(user: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
  }

  /// Whether anything is known for a repository, if only where it is.
  public func know(_ reference: ImageReference) -> Bool { entry(for: reference.place) != .none }

  /// What is known for a repository, `registry/path`: by the longest beginning of it that is named.
  func entry(for place: String) -> Entry {
    var key = place[...]
    while true {
      if let entry = entries[String(key)] { return entry }
      guard let slash = key.lastIndex(of: "/") else { return others }
      key = key[..<slash]
    }
  }

  /// A registry as a reference names it: older files have a scheme before it and a version behind it.
  private static func normalised(_ registry: String) -> String {
    var text = registry[...]
    for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text = text.dropFirst(scheme.count) }
    while text.hasSuffix("/") { text = text.dropLast() }
    for version in ["/v1", "/v2"] where text.hasSuffix(version) { text = text.dropLast(version.count) }
    return String(text)
  }

  private static func malformed(_ expected: String, _ found: String) -> Problem {
    Problem(.badInput, "credentials.malformed", "expected \(expected), found \(found)")
  }
}
