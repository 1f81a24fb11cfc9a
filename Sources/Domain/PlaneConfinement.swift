public import Encoding

/// What a data plane has given up for good, and what it could not.
public struct PlaneConfinement: Equatable, Sendable {
  /// What holds, each in a few words.
  public var holds: [String]
  /// What does not, though it was meant to, and why.
  public var lacks: [String]

  /// States what holds and what does not.
  public init(holds: [String] = [], lacks: [String] = []) {
    self.holds = holds
    self.lacks = lacks
  }

  /// As a status carries it.
  public var json: JSON {
    ["holds": .array(holds.map { .string($0) }), "lacks": .array(lacks.map { .string($0) })]
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let holds = json["holds"]?.array, let lacks = json["lacks"]?.array else { return nil }
    self.init(holds: holds.compactMap(\.string), lacks: lacks.compactMap(\.string))
  }
}

/// Which file a program was started from, whatever its name is now.
public struct ProgramFile: Equatable, Sendable {
  /// The number of the file system it is on.
  public let device: UInt64
  /// The number of the file there.
  public let node: UInt64

  /// Names a file by its numbers.
  public init(device: UInt64, node: UInt64) {
    self.device = device
    self.node = node
  }

  /// Reads what `description` writes; nil where it is something else.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, let device = UInt64(parts[0]), let node = UInt64(parts[1]) else { return nil }
    self.init(device: device, node: node)
  }
}

extension ProgramFile: CustomStringConvertible {
  /// `DEVICE:NODE`.
  public var description: String { "\(device):\(node)" }
}
