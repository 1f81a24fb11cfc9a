import Domain
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Lifecycle
public import Logging
import NIOCore
public import NIOSSL

/// The registry's HTTP face: the OCI distribution-spec 1.1 over the repositories of a control plane.
public struct RegistryServer: Sendable {
  /// Where and how it listens.
  public struct Settings: Sendable {
    /// The host name or address to bind to.
    public var host: String
    /// The port.
    public var port: Int
    /// How to end TLS; nil for plain HTTP.
    public var tls: TLSConfiguration?

    /// States where and how to listen.
    public init(host: String, port: Int, tls: TLSConfiguration?) {
      self.host = host
      self.port = port
      self.tls = tls
    }
  }

  /// The most connections at a time; past these, one waits in the kernel until another ends.
  private static let connectionLimit = 256
  /// A connection that says nothing for this long is closed, in the midst of a request, too.
  private static let idleTimeout = TimeAmount.seconds(120)
  /// How often uploads are dropped that nobody goes on with.
  private static let sweep: Duration = .seconds(60)

  private let control: ControlPlane
  private let settings: Settings
  private let logger: Logger
  let responder: RegistryResponder

  /// Serves the repositories of a control plane to those whom `authenticator` knows.
  public init(
    _ control: ControlPlane, _ authenticator: Authenticator, _ settings: Settings,
    logger: Logger
  ) {
    self.control = control
    self.settings = settings
    self.logger = logger
    responder = RegistryResponder(
      control: control, credentials: RegistryCredentials(authenticator: authenticator))
  }

  /// Serves until the task is cancelled; calls `ready` with the port once it listens.
  public func run(ready: @escaping @Sendable (Int) -> Void) async throws {
    let uploads = control.repositories.uploads
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await listen(ready) }
      group.addTask {
        while true {
          try await Task.sleep(for: Self.sweep)
          await uploads.dropIdle()
        }
      }
      _ = try await group.next()
      group.cancelAll()
    }
  }

  private func listen(_ ready: @escaping @Sendable (Int) -> Void) async throws {
    var configuration = ApplicationConfiguration(
      address: .hostname(settings.host, port: settings.port), serverName: "gatehouse")
    configuration.availableConnectionsDelegate = MaximumAvailableConnections(Self.connectionLimit)
    let http = HTTPServerBuilder.http1(configuration: .init(idleTimeout: Self.idleTimeout))
    let application = Application(
      responder: responder,
      server: try settings.tls.map { try .tls(http, tlsConfiguration: $0) } ?? http,
      configuration: configuration,
      onServerRunning: { channel in ready(channel.localAddress?.port ?? settings.port) }, logger: logger)
    do {
      try await application.run()
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw Problem(
        .unavailable, "registry.listen",
        "expected to listen on \(settings.host):\(settings.port), found a failure",
        hint: "stop what listens there, or choose another address with --registry-listen", cause: "\(error)")
    }
  }
}
