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

  /// Where to try to listen, one after another; nowhere where none is wanted.
  fileprivate var places: [(host: String, port: Int)] {
    switch self {
    case .none: []
    case .at(let address): [(address.host, address.port)]
    case .near(let address): [(address.host, address.port), (address.host, 0)]
    }
  }
}

/// The registry of a running platform, beside the face of its control plane.
struct RegistryFace: Sendable {
  private let servers: [RegistryServer]
  private let base: String
  private let ready: AsyncStream<Int>
  private let isReady: AsyncStream<Int>.Continuation

  /// Nothing listens before `run`.
  init(
    _ address: RegistryAddress, _ controlPlane: ControlPlane, _ authenticator: Authenticator,
    tls: TLSConfiguration?, logger: Logger
  ) {
    let places = address.places
    servers = places.map {
      RegistryServer(
        controlPlane, authenticator, .init(host: $0.host, port: $0.port, tls: tls), logger: logger)
    }
    base = "\(tls == nil ? "http" : "https")://\(places.first?.host ?? "")"
    (ready, isReady) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Serves until the task is cancelled; at once where there is nothing to serve.
  ///
  /// Throws `registry.listen` where it can listen at none of its places.
  func run() async throws {
    defer { isReady.finish() }
    for (number, server) in servers.enumerated() {
      do {
        return try await server.run { [isReady] port in isReady.yield(port) }
      } catch let problem as Problem where problem.code == "registry.listen" && number + 1 < servers.count {
        continue
      }
    }
  }

  /// Waits until it listens, says where, and writes it down for scripts; nothing, and nil, where it never does.
  func announce(in directory: DataDirectory) async -> String? {
    for await port in ready {
      let url = "\(base):\(port)"
      try? DurableFile.write(Array("\(url)\n".utf8), to: directory.registryAddress)
      Console.prose("registry on     \(url)/v2/")
      return url
    }
    return nil
  }
}

extension DataDirectory {
  /// Where the registry listens, written when it does.
  var registryAddress: String { "\(path)/registry.url" }
}
