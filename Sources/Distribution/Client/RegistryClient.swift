import AsyncHTTPClient
public import Domain
import Encoding
public import Lifecycle
import NIOCore
import NIOHTTP1
import NIOSSL
public import Packaging

/// One repository of a registry, by the distribution-spec 1.1 over HTTP.
///
/// Whatever the other side sends is bounded, and nothing that it hands over is anything but what its digest says.
public struct RegistryClient: RemoteRegistry {
  /// How a registry is spoken to.
  public struct Settings: Sendable {
    /// Who asks.
    public var credentials = RegistryLogins()
    /// Speaks in plain text to a registry beyond this machine, too.
    public var allowsPlainText = false
    /// A PEM file with the authorities that are trusted; nil for the system's.
    ///
    /// With it a registry on this machine is spoken to over TLS, too.
    public var authorities: String?
    /// How often something is tried.
    public var retries = RetryPolicy.standard
    /// How much of a blob one request takes, in bytes: what is longer goes in pieces of so much.
    public var pieceBytes = 64 << 20
    /// How long an answer may take to begin; a connection may take a sixth of it.
    public var patience = Duration.seconds(60)

    /// Asks as nobody, over TLS, or on this machine in plain text.
    public init() {}
  }

  let home: RegistryURL.Origin
  let repository: RepositoryName
  let settings: Settings
  let connection: RegistryConnection
  let authorization: RegistryAuthorization

  /// The repository as people name it.
  public let place: String

  /// Does `work` with a client of the repository that a reference names, and lets its connections go at the end.
  public static func with<Result: Sendable>(
    _ reference: ImageReference, _ settings: Settings,
    _ work: (RegistryClient) async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    var configuration = HTTPClient.Configuration(
      timeout: .init(
        connect: TimeAmount(settings.patience / 6), read: TimeAmount(settings.patience),
        write: TimeAmount(settings.patience)))
    configuration.redirectConfiguration = .disallow
    configuration.httpVersion = .http1Only
    // What could not be reached is tried again here, and told.
    configuration.connectionPool.retryConnectionEstablishment = false
    if let authorities = settings.authorities {
      var tls = TLSConfiguration.makeClientConfiguration()
      do { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorities)) } catch {
        throw Problem(
          .badInput, "registry.authorities", "expected certificates in PEM, found none to be read",
          subject: authorities, cause: "\(error)")
      }
      configuration.tlsConfiguration = tls
    }
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result: Swift.Result<Result, Problem>
    do throws(Problem) {
      result = .success(try await work(RegistryClient(reference, settings, http)))
    } catch {
      result = .failure(error)
    }
    try? await http.shutdown()
    return try result.get()
  }

  private init(_ reference: ImageReference, _ settings: Settings, _ http: HTTPClient) {
    // Plain text where nobody is between, or where it was asked for.
    let isSecure = !settings.allowsPlainText && (!reference.isLoopback || settings.authorities != nil)
    home = RegistryURL.Origin(
      isSecure: isSecure, host: reference.host, port: reference.port ?? (isSecure ? 443 : 80))
    repository = reference.repository
    place = reference.place
    self.settings = settings
    var connection = RegistryConnection(http: http, allowsPlainText: settings.allowsPlainText)
    connection.patience = settings.patience
    self.connection = connection
    authorization = RegistryAuthorization(
      home: home, place: place, repository: repository,
      credentials: settings.credentials.entry(for: place), connection: connection)
  }

  /// Where something of the repository is.
  func url(_ path: String) -> RegistryURL { RegistryURL(home, "/v2/\(repository)/\(path)") }

  /// Asks whether the registry speaks this protocol, and lets us in: throws what it says instead.
  public func ping() async throws(Problem) {
    try await retrying { () async throws(Failure) in
      let answer = try await ask(.GET, RegistryURL(home, "/v2/"), scope: .pull)
      try await expect([200], answer, doing: "speak to a registry of images")
      await answer.drain()
    }
  }

  /// Tries `work` until it is done or given up.
  func retrying<Result>(_ work: () async throws(Failure) -> Result) async throws(Problem) -> Result {
    var retries = Retries(settings.retries)
    while true {
      do throws(Failure) { return try await work() } catch { try await retries.wait(after: error) }
    }
  }

  /// Sends a request, shows who asks where the registry wants to know, and follows it elsewhere where it reads.
  ///
  /// What is shown goes to the registry alone.
  func ask(
    _ method: HTTPMethod, _ url: RegistryURL, scope: RegistryScope, _ headers: HTTPHeaders = [:],
    _ content: RegistryContent = .none
  ) async throws(Failure) -> RegistryAnswer {
    var url = url
    var mayAnswer = true
    var redirections = 0
    while true {
      var headers = headers
      if url.origin == home, let shown = await authorization.header(for: scope) {
        headers.add(name: "Authorization", value: shown)
      }
      let answer = try await connection.exchange(method, url, headers, content)
      switch answer.status {
      case 401 where url.origin == home && mayAnswer:
        mayAnswer = false
        await answer.drain()
        try await authorization.answer(answer.headers["www-authenticate"], for: scope)
      case 301, 302, 303, 307, 308:
        guard method == .GET || method == .HEAD else { return answer }
        redirections += 1
        guard redirections <= 5 else {
          throw Failure(RegistryProblem.malformed("at most 5 redirections", "more", at: place))
        }
        await answer.drain()
        url = try destination(of: answer)
      default: return answer
      }
    }
  }

  /// Where an answer sends its reader, or says that something is.
  func destination(of answer: RegistryAnswer) throws(Failure) -> RegistryURL {
    guard let text = answer.headers.first(name: "location") else {
      throw Failure(RegistryProblem.malformed("a location", "none", at: place))
    }
    let url: RegistryURL
    do throws(Problem) { url = try RegistryURL(parsing: text, from: answer.url) } catch {
      throw Failure(error.about(place))
    }
    guard connection.allows(url.origin, from: home) else {
      throw Failure(
        Problem(
          .unavailable, "registry.insecure-redirection",
          "expected the registry to lead to a place over https, found \(url.origin)", subject: place))
    }
    return url
  }

  /// Lets the answers of these statuses through; throws what another one means.
  func expect(_ statuses: Set<Int>, _ answer: RegistryAnswer, doing: String) async throws(Failure) {
    guard !statuses.contains(answer.status) else { return }
    let body = try? await answer.collect(upTo: 1 << 16)
    throw RegistryProblem.unexpected(
      answer.status, answer.headers, body.flatMap { RegistryProblem.words(of: $0) }, doing: doing, at: place)
  }
}
