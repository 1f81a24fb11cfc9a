public import Encoding

extension ONNXModel {
  /// A parameter of a node: its name, what kind it is, and where in the file it stands.
  public struct Attribute: Sendable {
    /// What a parameter may be (`AttributeProto.AttributeType`).
    public enum Kind: Int64, Sendable {
      case unknown = 0
      case float, integer, text, tensor, graph, floats, integers, texts, tensors, graphs, sparseTensor
      case sparseTensors, type, types
    }

    /// Its name.
    public let name: String
    /// What it is.
    public let kind: Kind
    let message: ArraySlice<UInt8>
    let origin: Int

    /// Takes the message apart as far as name and kind.
    init(_ message: ArraySlice<UInt8>, origin: Int) throws(MalformedBytes) {
      self.name = try Self.name(of: message, origin: origin)
      self.kind = try Self.kind(of: message, origin: origin)
      self.message = message
      self.origin = origin
    }

    // Two passes: the compiler's optimiser does not survive the one that keeps a text and a kind.

    private static func name(of message: ArraySlice<UInt8>, origin: Int) throws(MalformedBytes) -> String {
      var name = ""
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        if field.number == 1 { name = try ONNXModelReader.text(field) }
      }
      return name
    }

    private static func kind(of message: ArraySlice<UInt8>, origin: Int) throws(MalformedBytes) -> Kind {
      var stated: Int64?
      // Files of the first version of the format do not say the kind.
      var found: Kind?
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        if field.number == 20 {
          stated = field.integer
        } else if found == nil {
          found = kinds[field.number]
        }
      }
      if let stated, let kind = Kind(rawValue: stated) { return kind }
      return found ?? .unknown
    }

    private static let kinds: [Int: Kind] = [
      2: .float, 3: .integer, 4: .text, 5: .tensor, 6: .graph, 7: .floats, 8: .integers, 9: .texts,
      10: .tensors, 11: .graphs, 22: .sparseTensor, 23: .sparseTensors, 14: .type, 15: .types,
    ]

    /// Its number; 0 where the file leaves out the default of the schema.
    public func float() throws(MalformedBytes) -> Float {
      var value: Float = 0
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        if field.number == 2, case .fixed32(let bits) = field.value { value = Float(bitPattern: bits) }
      }
      return value
    }

    /// Its integer; 0 where the file leaves out the default of the schema.
    public func integer() throws(MalformedBytes) -> Int64 {
      var value: Int64 = 0
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() { if field.number == 3 { value = field.integer ?? 0 } }
      return value
    }

    /// Its text.
    public func text() throws(MalformedBytes) -> String {
      var value = ""
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        if field.number == 4 { value = try ONNXModelReader.text(field) }
      }
      return value
    }

    /// Its tensor, if it has one.
    public func tensor() throws(MalformedBytes) -> Tensor? {
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        if field.number == 5, let bytes = field.bytes {
          return try Tensor(bytes, at: field.offset, origin: origin)
        }
      }
      return nil
    }

    /// Its graph, if it has one: what a loop or a branch does.
    public func graph() throws(MalformedBytes) -> Graph? {
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        if field.number == 6, let bytes = field.bytes {
          return try ONNXModelReader.graph(bytes, origin: origin)
        }
      }
      return nil
    }

    /// How many numbers, integers or texts it has.
    public func count() throws(MalformedBytes) -> Int {
      var count = 0
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        switch field.number {
        case 7: count += try field.fixedCount(width: 4)
        case 8: count += field.integerCount
        case 9: count += 1
        default: break
        }
      }
      return count
    }

    /// Its numbers.
    public func floats() throws(MalformedBytes) -> [Float] {
      var values: [Float] = []
      values.reserveCapacity(try count())
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        if field.number == 7 { try field.forEachFixed32 { values.append(Float(bitPattern: $0)) } }
      }
      return values
    }

    /// Its integers.
    public func integers() throws(MalformedBytes) -> [Int64] {
      var values: [Int64] = []
      values.reserveCapacity(try count())
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        if field.number == 8 { try field.forEachInteger { values.append($0) } }
      }
      return values
    }

    /// Its texts, as the bytes that they are.
    public func texts() throws(MalformedBytes) -> [ArraySlice<UInt8>] {
      var values: [ArraySlice<UInt8>] = []
      values.reserveCapacity(try count())
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        if field.number == 9, let text = field.bytes { values.append(text) }
      }
      return values
    }
  }
}
