import Domain
import Encoding

/// Who asks a registry for something.
///
/// Clients of registries send a user's name and password (RFC 7617); the password is a token of the platform, and the name
/// is anything. The token alone as `Bearer` does as well.
struct RegistryCredentials: Sendable {
  /// The longest field that is looked at, in bytes.
  private static let longest = 4096

  /// Whom a token stands for; nil for one that nobody has.
  let identify: @Sendable (String) -> Principal?

  /// Whom the field `Authorization` stands for; throws `auth.credential`.
  func principal(of field: String?) throws(Problem) -> Principal {
    guard let field, field.utf8.count <= Self.longest, let token = Self.token(in: field),
      let principal = identify(token)
    else {
      throw Problem(
        .unauthenticated, "auth.credential",
        "expected a token that this platform issued as the password, found none that is known",
        hint: "log in as 'token' with the token in the file admin.token of the data directory")
    }
    return principal
  }

  /// The token of a credential; the names of schemes are without case (RFC 9110, section 11.1).
  private static func token(in field: String) -> String? {
    let parts = field.split(separator: " ", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    let credential = String(parts[1]).filter { $0 != " " }
    switch parts[0].lowercased() {
    case "bearer": return credential
    case "basic":
      guard let bytes = Base64.decode(credential), let text = String(validating: bytes, as: UTF8.self),
        let colon = text.firstIndex(of: ":")
      else { return nil }
      return String(text[text.index(after: colon)...])
    default: return nil
    }
  }
}
