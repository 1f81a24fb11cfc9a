public import Domain
import Encoding
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Lifecycle
public import Logging
import NIOCore
public import NIOSSL

/// The HTTP face of the control plane.
public struct ControlServer: Sendable {
  /// Where and how it listens.
  public struct Settings: Sendable {
    /// The host name or address to bind to.
    public var host: String
    /// The port.
    public var port: Int
    /// How to end TLS; nil for plain HTTP.
    public var tls: TLSConfiguration?
    /// The version of this program.
    public var version: String

    /// States where and how to listen.
    public init(
      host: String, port: Int, tls: TLSConfiguration?, version: String
    ) {
      self.host = host
      self.port = port
      self.tls = tls
      self.version = version
    }
  }

  private let control: ControlPlane
  private let authenticator: Authenticator
  private let settings: Settings
  private let logger: Logger
  /// Where the registry of images is answered, `http://127.0.0.1:8441`; nil where it is not.
  public var registry: String?

  /// Puts routes and middleware together.
  public init(_ control: ControlPlane, _ authenticator: Authenticator, _ settings: Settings, logger: Logger) {
    self.control = control
    self.authenticator = authenticator
    self.settings = settings
    self.logger = logger
  }

  /// Serves until the task is cancelled; calls `ready` with the port once it listens.
  public func run(ready: @escaping @Sendable (Int) -> Void) async throws {
    var configuration = ApplicationConfiguration(
      address: .hostname(settings.host, port: settings.port), serverName: "gatehouse")
    // Past these, a connection waits in the kernel until another ends.
    configuration.availableConnectionsDelegate = MaximumAvailableConnections(512)
    let application = Application(
      router: router(), server: try server(), configuration: configuration,
      onServerRunning: { channel in ready(channel.localAddress?.port ?? settings.port) }, logger: logger)
    do {
      try await application.run()
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw Problem(
        .unavailable, "control.listen",
        "expected to listen on \(settings.host):\(settings.port), found a failure",
        hint: "stop what listens there, or choose another address with --listen", cause: "\(error)")
    }
  }

  /// The routes, behind what every request goes through.
  func router() -> Router<ControlContext> {
    let router = Router(context: ControlContext.self)
    router.add(middleware: ProblemDetails())
    router.get("health") { _, _ in Response.json(.ok, ["status": "ok"]) }
    let group = router.group("api/v1").add(middleware: Authentication(authenticator: authenticator))
    let routes = GuardedRoutes(group, control)
    AccessRoutes(control: control).add(to: routes)
    APIKeyRoutes(control: control, authenticator: authenticator).add(to: routes)
    ProviderRoutes(control: control).add(to: routes)
    PushRoutes(control: control).add(to: routes)
    PromotionRoutes(control: control).add(to: routes)
    KeyRoutes(control: control).add(to: routes)
    IssuerRoutes(control: control).add(to: routes)
    SealKeyRoutes(control: control).add(to: routes)
    ApprovalRoutes(control: control).add(to: routes)
    TestRoutes(control: control).add(to: routes)
    ThreatRoutes(control: control).add(to: routes)
    AdvisoryRoutes(control: control).add(to: routes)
    PolicyRoutes(control: control).add(to: routes)
    AliasRoutes(control: control).add(to: routes)
    DeploymentRoutes(control: control).add(to: routes)
    RolloutRoutes(control: control).add(to: routes)
    DesiredRoutes(control: control).add(to: routes)
    RepaveRoutes(control: control).add(to: routes)
    WatchRoutes(control: control).add(to: routes)
    FeedbackRoutes(control: control).add(to: routes)
    RegistryRoutes(control: control).add(to: routes)
    LedgerRoutes(control: control).add(to: routes)
    WebhookRoutes(control: control).add(to: routes)
    WitnessRoutes(control: control).add(to: routes)
    AlertRoutes(control: control).add(to: routes)
    ReceiverRoutes(control: control).add(to: routes)
    QueryRoutes(control: control, version: settings.version, registry: registry).add(to: routes)
    return router
  }

  /// Reads the certificate chain and the private key, both PEM files; TLS 1.2 at least.
  public static func tls(_ certificates: String, _ privateKey: String) throws(Problem) -> TLSConfiguration {
    do {
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: try NIOSSLCertificate.fromPEMFile(certificates).map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(file: privateKey, format: .pem)))
      configuration.minimumTLSVersion = .tlsv12
      _ = try NIOSSLContext(configuration: configuration)
      return configuration
    } catch {
      throw Problem(
        .usage, "tls.unusable",
        "expected a certificate chain and its private key in PEM, found neither usable",
        subject: "\(certificates), \(privateKey)", cause: "\(error)")
    }
  }

  /// What the connections are secured by that this has; nil where it names no certificate.
  public static func certificate(of tls: TLSConfiguration) -> PlaneCertificate? {
    guard case .certificate(let own)? = tls.certificateChain.first else { return nil }
    return PlaneCertificate(
      begin: Timestamp(milliseconds: Int64(own.notValidBefore) * 1000),
      end: Timestamp(milliseconds: Int64(own.notValidAfter) * 1000))
  }

  private func server() throws -> HTTPServerBuilder {
    // A connection that says nothing for this long is closed: nobody holds one of them for nothing.
    let http = HTTPServerBuilder.http1(configuration: .init(idleTimeout: .seconds(120)))
    guard let tls = settings.tls else { return http }
    return try .tls(http, tlsConfiguration: tls)
  }
}
