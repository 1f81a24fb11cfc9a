import Encoding

/// How an object of JSON is written as a message: its members by their names.
///
/// The messages of `inference.GRPCInferenceService` that describe have the names of the members that the REST face has
/// for the same, and both faces give the same answers: so there is one place that makes them, and here is only how they
/// are spelled. An inference does not come this way.
struct MessageShape: Sendable {
  indirect enum Kind: Sendable {
    case text
    case integer
    case flag
    case texts
    case integers
    case message(MessageShape)
    case messages(MessageShape)
  }

  struct Field: Sendable {
    let number: Int
    let name: String
    let kind: Kind
  }

  private let fields: [Field]

  init(_ fields: Field...) {
    self.fields = fields
  }

  /// Appends the members of an object that the message has; those that are as they are without saying are left out.
  func write(_ json: JSON, to writer: inout ProtobufWriter) {
    for field in fields {
      guard let value = json[field.name] else { continue }
      let number = field.number
      switch field.kind {
      case .text: if let text = value.string, !text.isEmpty { writer.text(number, text) }
      case .integer: if let integer = value.integer, integer != 0 { writer.integer(number, integer) }
      case .flag: if value.bool == true { writer.integer(number, 1) }
      case .texts: for text in value.array ?? [] { writer.text(number, text.string ?? "") }
      case .integers: writer.packed(number, (value.array ?? []).map { $0.integer ?? 0 })
      case .message(let shape): writer.message(number) { shape.write(value, to: &$0) }
      case .messages(let shape):
        for element in value.array ?? [] { writer.message(number) { shape.write(element, to: &$0) } }
      }
    }
  }

  /// The message of an object.
  func message(of json: JSON) -> [UInt8] {
    var writer = ProtobufWriter()
    write(json, to: &writer)
    return writer.bytes
  }
}

extension MessageShape.Field {
  static func text(_ number: Int, _ name: String) -> Self { .init(number: number, name: name, kind: .text) }
  static func integer(_ number: Int, _ name: String) -> Self {
    .init(number: number, name: name, kind: .integer)
  }
  static func flag(_ number: Int, _ name: String) -> Self { .init(number: number, name: name, kind: .flag) }
  static func texts(_ number: Int, _ name: String) -> Self { .init(number: number, name: name, kind: .texts) }
  static func integers(_ number: Int, _ name: String) -> Self {
    .init(number: number, name: name, kind: .integers)
  }
  static func message(_ number: Int, _ name: String, _ shape: MessageShape) -> Self {
    .init(number: number, name: name, kind: .message(shape))
  }
  static func messages(_ number: Int, _ name: String, _ shape: MessageShape) -> Self {
    .init(number: number, name: name, kind: .messages(shape))
  }
}

extension MessageShape {
  static let serverLive = MessageShape(.flag(1, "live"))
  static let ready = MessageShape(.flag(1, "ready"))
  static let serverMetadata = MessageShape(.text(1, "name"), .text(2, "version"), .texts(3, "extensions"))
  static let modelMetadata = MessageShape(
    .text(1, "name"), .texts(2, "versions"), .text(3, "platform"), .messages(4, "inputs", tensorMetadata),
    .messages(5, "outputs", tensorMetadata))
  static let modelStatistics = MessageShape(.messages(1, "model_stats", statisticsOfOne))
  static let repositoryIndex = MessageShape(.messages(1, "models", modelIndex))

  private static let tensorMetadata = MessageShape(
    .text(1, "name"), .text(2, "datatype"), .integers(3, "shape"))
  private static let modelIndex = MessageShape(
    .text(1, "name"), .text(2, "version"), .text(3, "state"), .text(4, "reason"))
  private static let duration = MessageShape(.integer(1, "count"), .integer(2, "ns"))
  private static let inferStatistics = MessageShape(
    .message(1, "success", duration), .message(2, "fail", duration), .message(3, "queue", duration),
    .message(4, "compute_input", duration), .message(5, "compute_infer", duration),
    .message(6, "compute_output", duration), .message(7, "cache_hit", duration),
    .message(8, "cache_miss", duration))
  private static let batchStatistics = MessageShape(
    .integer(1, "batch_size"), .message(2, "compute_input", duration), .message(3, "compute_infer", duration),
    .message(4, "compute_output", duration))
  private static let statisticsOfOne = MessageShape(
    .text(1, "name"), .text(2, "version"), .integer(3, "last_inference"), .integer(4, "inference_count"),
    .integer(5, "execution_count"), .message(6, "inference_stats", inferStatistics),
    .messages(7, "batch_stats", batchStatistics))
}
