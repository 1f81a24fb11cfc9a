import Distribution
import Domain
import Fleet
import Lifecycle
import Logging
import NIOSSL
import Storage

/// Where the registry listens, if it does.
enum RegistryAddress: Sendable {
  /// Nowhere.
  case none
  /// Here and nowhere else.
  case at(ListenAddress)
  /// Here, or at a free port where that one is taken.
  case near(ListenAddress)

  /// Reads the option `--registry-listen`: an address or `none`; nil for the usual place.
  init(option: String?) throws(Problem) {
    switch option {
    case nil: self = .near(try ListenAddress(parsing: "127.0.0.1:8441"))
    case "none": self = .none
    case let text?: self = .at(try ListenAddress(parsing: text))
    }
  }

  /// Whether other machines could reach it.
  var isExposed: Bool { if case .at(let address) = self { !address.isLoopback } else { false } }

  /// An address that is free now; nil where none is wanted.
  fileprivate func free() throws(Problem) -> ListenAddress? {
    switch self {
    case .none: return nil
    case .at(let address):
      do throws(Problem) { try address.probe() } catch {
        var problem = error
        problem.hint = "stop what listens there, or choose another address with --registry-listen"
        throw problem
      }
      return address
    case .near(let address):
      do throws(Problem) { try address.probe() } catch {
        return try ListenAddress(parsing: "\(address.host):0")
      }
      return address
    }
  }
}

/// The registry of a running platform, beside the face of its control plane.
struct RegistryFace: Sendable {
  /// Nil where there is to be none.
  private let server: RegistryServer?
  private let scheme: String
  private let host: String
  private let ready: AsyncStream<Int>
  private let isReady: AsyncStream<Int>.Continuation

  /// Finds out where it can listen; nothing listens before `run`.
  init(
    _ address: RegistryAddress, _ controlPlane: ControlPlane, tls: TLSConfiguration?, logger: Logger,
    identify: @escaping @Sendable (String) -> Principal?
  ) throws(Problem) {
    let address = try address.free()
    server = address.map {
      RegistryServer(
        controlPlane, identify: identify, .init(host: $0.host, port: $0.port, tls: tls), logger: logger)
    }
    scheme = tls == nil ? "http" : "https"
    host = address?.host ?? ""
    (ready, isReady) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Serves until the task is cancelled; at once where there is nothing to serve.
  func run() async throws {
    defer { isReady.finish() }
    try await server?.run { [isReady] port in isReady.yield(port) }
  }

  /// Waits until it listens, says where, and writes it down for scripts; nothing where it never does.
  func announce(in directory: DataDirectory) async {
    for await port in ready {
      let url = "\(scheme)://\(host):\(port)"
      try? DurableFile.write(Array("\(url)\n".utf8), to: directory.registryAddress)
      return Console.prose("registry on     \(url)/v2/")
    }
  }
}

extension DataDirectory {
  /// Where the registry listens, written when it does.
  var registryAddress: String { "\(path)/registry.url" }
}
