public import Encoding

/// From where somebody asks, as the ledger has it.
///
/// An address may be a person's: the ledger has a handle that says nothing by itself, and can be forgotten apart from it.
public struct Origin: Hashable, Sendable {
  /// Which way they came.
  public enum Face: String, Sendable {
    /// The control plane's API.
    case control
    /// The registry of images.
    case registry
  }

  /// Which way they came.
  public let face: Face
  /// What their address is known by; nil where it is not known.
  public let address: String?

  /// States from where somebody asks.
  public init(face: Face, address: String?) {
    self.face = face
    self.address = address
  }
}

extension Actor {
  /// What an entry of the ledger says of where they ask from, and with what; nil where nobody came from anywhere.
  public var statedOrigin: JSON? {
    guard let origin else { return nil }
    var members: [String: JSON] = ["face": .string(origin.face.rawValue)]
    members["address"] = origin.address.map { .string($0) }
    switch credential {
    case .platform: break
    case .administrator: members["with"] = "administrator"
    case .apiKey(let id): members["with"] = .string("key \(id)")
    case .token(let provider, _): members["with"] = .string("token of \(provider.excerpt(200))")
    }
    return .object(members)
  }
}
