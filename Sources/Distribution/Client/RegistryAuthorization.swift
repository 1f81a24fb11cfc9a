import AsyncHTTPClient
import Domain
import Encoding
import NIOCore
import NIOHTTP1

/// What a client wants to be allowed in a repository.
enum RegistryScope: String, Sendable {
  case pull
  case push = "pull,push"
  case delete
}

/// What a client shows a registry of who it is: nothing until it is asked, then a password or a token (distribution,
/// `token.md`), and only to whom it is meant for.
///
/// A password goes to the registry itself, and to a token service that it names: over https, or where the registry itself is
/// spoken to in plain text, on the same host or on this machine.
actor RegistryAuthorization {
  /// The longest token: headers have to fit into what servers take.
  private static let longestToken = 16_384
  private static let longestAnswer = 1 << 18
  /// How long a token counts that does not say (distribution, `token.md`).
  private static let shortestLife = 60
  /// What is taken off, so that none ends on its way.
  private static let margin = 10

  private struct Token {
    let header: String
    let end: ContinuousClock.Instant
  }

  private let home: RegistryURL.Origin
  private let place: String
  private let repository: RepositoryName
  private let credentials: RegistryLogins.Entry
  private let connection: RegistryConnection
  private let clock = ContinuousClock()
  private var showsPassword = false
  private var tokens: [RegistryScope: Token] = [:]

  init(
    home: RegistryURL.Origin, place: String, repository: RepositoryName,
    credentials: RegistryLogins.Entry, connection: RegistryConnection
  ) {
    self.home = home
    self.place = place
    self.repository = repository
    self.credentials = credentials
    self.connection = connection
  }

  /// What to show for something that needs so much; nil for nothing.
  func header(for scope: RegistryScope) -> String? {
    if let token = tokens[scope], token.end > clock.now { return token.header }
    return showsPassword ? password : nil
  }

  private var password: String? {
    guard case .password(let user, let password) = credentials else { return nil }
    return "Basic \(Base64.encode(Array("\(user):\(password)".utf8)))"
  }

  /// Gets what the registry asks for by its challenges; throws where there is none to be had, or it was shown already.
  func answer(_ challenges: [String], for scope: RegistryScope) async throws(Failure) {
    var found: [AuthorizationChallenge] = []
    for text in challenges.prefix(16) {
      do { found += try AuthorizationChallenge.list(parsing: text) } catch {
        throw Failure(error.about(place))
      }
    }
    if let challenge = found.first(where: { $0.scheme == "bearer" }) {
      tokens[scope] = nil
      tokens[scope] = try await token(for: challenge, scope)
    } else if found.contains(where: { $0.scheme == "basic" }), password != nil, !showsPassword {
      showsPassword = true
    } else {
      throw unauthorized(
        found.isEmpty ? "without a challenge" : "it asks for \(found[0].scheme.excerpt(40))")
    }
  }

  private func unauthorized(_ cause: String?) -> Failure {
    let helper: String? =
      switch credentials {
      case .helper, .identityToken: credentials.description
      case .none, .password: nil
      }
    return Failure(RegistryProblem.unauthorized(place, cause, helper: helper, shown: password != nil))
  }

  /// Whether a password may be shown there.
  private func mayShowPassword(to realm: RegistryURL.Origin) -> Bool {
    realm == home || realm.isSecure
      || !home.isSecure && (realm.host == home.host || realm.isLoopback && home.isLoopback)
  }

  private func token(
    for challenge: AuthorizationChallenge, _ scope: RegistryScope
  ) async throws(Failure) -> Token {
    guard let text = challenge.parameters["realm"] else {
      throw malformed("a realm in the challenge", "none")
    }
    var url: RegistryURL
    do { url = try RegistryURL(parsing: text) } catch { throw Failure(error.about(place)) }
    guard connection.allows(url.origin, from: home), password == nil || mayShowPassword(to: url.origin) else {
      throw Failure(
        Problem(
          .unavailable, "registry.insecure-realm",
          "expected a token service over https, found \(url.origin)", subject: place,
          hint: "no password was sent there"))
    }
    if let service = challenge.parameters["service"] { url = url.adding("service", service) }
    let needed = challenge.parameters["scope"] ?? "repository:\(repository):\(scope.rawValue)"
    for each in needed.split(separator: " ").prefix(16) { url = url.adding("scope", String(each)) }
    var headers = HTTPHeaders([("Accept", "application/json")])
    if let password { headers.add(name: "Authorization", value: password) }
    let answer = try await connection.exchange(.GET, url, headers, .none)
    let body = try await answer.collect(upTo: Self.longestAnswer)
    if answer.status == 401 || answer.status == 403 {
      throw unauthorized("the token service at \(url.origin) answers \(answer.status)")
    }
    guard answer.status == 200 else {
      throw RegistryProblem.unexpected(
        answer.status, answer.headers, nil, doing: "fetch a token from \(url.origin)", at: place)
    }
    return try token(in: body)
  }

  private func token(in body: [UInt8]) throws(Failure) -> Token {
    guard let json = try? JSON(parsing: body, limits: JSONLimits(depth: 8, values: 1000)),
      let token = json["token"]?.string ?? json["access_token"]?.string,
      1...Self.longestToken ~= token.utf8.count, token.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
    else { throw malformed("JSON with a token", "another answer") }
    let life = min(max(json["expires_in"]?.int ?? Self.shortestLife, Self.shortestLife), 86_400)
    return Token(header: "Bearer \(token)", end: clock.now + .seconds(life - Self.margin))
  }

  private func malformed(_ expected: String, _ found: String) -> Failure {
    Failure(RegistryProblem.malformed(expected, found, at: place))
  }
}

extension Problem {
  /// The same, about something.
  func about(_ subject: String) -> Problem {
    var problem = self
    problem.subject = problem.subject ?? subject
    return problem
  }
}
