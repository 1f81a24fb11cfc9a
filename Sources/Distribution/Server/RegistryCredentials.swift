import Access
import Domain
import Encoding
import Lifecycle

/// Who asks a registry for something.
///
/// Clients of registries send a user's name and password (RFC 7617); the password is a token of the platform, and the name
/// is anything. The token alone as `Bearer` does as well.
struct RegistryCredentials: Sendable {
  /// The longest field that is looked at, in bytes.
  private static let longest = 32_768

  let authenticator: Authenticator

  /// Whom the field `Authorization` stands for; throws `auth.credential`.
  func actor(of field: String?, asking subject: String, from address: String?) async throws(Problem) -> Actor
  {
    var credential: String?
    if let field { credential = field.utf8.count <= Self.longest ? Self.token(in: field) ?? "" : "" }
    do throws(Problem) {
      return try await authenticator.authenticate(
        credential, asking: subject, at: .registry, from: address)
    } catch  where error.category == .unauthenticated {
      throw Problem(
        .unauthenticated, "auth.credential",
        "expected a token that this platform issued as the password, found none that is known",
        hint: "log in as 'token' with the token in the file admin.token of the data directory")
    }
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
