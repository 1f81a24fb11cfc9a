import Domain
import ModelGraph

/// What passes between a program that predicts and `gatehouse-onnx`, as `docs/engine.md` has it.
///
/// The engine runs a stranger's model, so that nothing it sends is believed: every length is bounded and held
/// against what is there.
struct EngineFrame: Equatable {
  /// What a frame carries.
  enum Kind: UInt32 {
    case load = 1
    case run = 2
    case hello = 101
    case loaded = 102
    case answer = 103
    case failure = 104
  }

  /// Bytes of the head of a frame.
  static let headBytes = 24
  /// Bytes behind one head, in either direction.
  static let byteLimit = 1 << 30
  private static let magic: UInt64 = 0x3145_4847

  let kind: Kind
  /// The number of the request; its answer bears the same.
  let sequence: UInt64
  var payload: [UInt8]

  /// The head as bytes.
  var head: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(Self.magic, width: 4)
    bytes.append(UInt64(kind.rawValue), width: 4)
    bytes.append(sequence, width: 8)
    bytes.append(UInt64(payload.count), width: 8)
    return bytes
  }

  /// The kind and sequence of a head, and how many bytes follow; nil where it is none.
  static func parse(head: [UInt8]) -> (kind: Kind, sequence: UInt64, count: Int)? {
    var reader = FrameBytes(head)
    guard reader.number(4) == magic, let kind = reader.number(4).flatMap({ Kind(rawValue: UInt32($0)) }),
      let sequence = reader.number(8), let count = reader.number(8), count <= UInt64(byteLimit)
    else { return nil }
    // What is no answer is short.
    guard kind == .answer || count <= 4096 else { return nil }
    return (kind, sequence, Int(count))
  }
}

// MARK: - What goes out

extension EngineFrame {
  /// A frame that brings a model up: its ports, and then its bytes.
  static func load(_ model: ONNXRuntimeModel, sequence: UInt64) -> EngineFrame {
    var bytes: [UInt8] = []
    for ports in [model.inputs, model.outputs] {
      bytes.append(UInt64(ports.count), width: 4)
      for port in ports {
        bytes.append(UInt8(port.datatype.wireCode))
        bytes.append(UInt64(port.name.utf8.count), width: 4)
        bytes += port.name.utf8
      }
    }
    bytes += model.bytes
    return EngineFrame(kind: .load, sequence: sequence, payload: bytes)
  }

  /// A frame that asks about rows; nil where it would be too long.
  static func run(_ inputs: [Tensor], sequence: UInt64) -> EngineFrame? {
    var bytes: [UInt8] = []
    for tensor in inputs {
      guard tensor.elements.count <= byteLimit / 4 else { return nil }
      bytes.append(tensor)
      guard bytes.count <= byteLimit else { return nil }
    }
    return EngineFrame(kind: .run, sequence: sequence, payload: bytes)
  }
}

extension Datatype {
  /// The number that stands for the datatype in a frame.
  var wireCode: Int {
    switch self {
    case .bool: 1
    case .int32: 2
    case .int64: 3
    case .float32: 4
    case .float64: 5
    case .string: 6
    }
  }
}

extension [UInt8] {
  /// Appends a number, least significant byte first.
  fileprivate mutating func append(_ value: UInt64, width: Int) {
    for index in 0..<width { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
  }

  fileprivate mutating func pad(to multiple: Int) {
    append(contentsOf: repeatElement(0, count: (multiple - count % multiple) % multiple))
  }

  /// Appends a tensor: its datatype, its axes, and its elements where memory has them best.
  mutating func append(_ tensor: Tensor) {
    pad(to: 8)
    append(UInt8(tensor.elements.datatype.wireCode))
    append(UInt8(tensor.shape.count))
    pad(to: 8)
    for axis in tensor.shape { append(UInt64(axis), width: 8) }
    if case .string(let texts) = tensor.elements {
      for text in texts {
        append(UInt64(text.utf8.count), width: 4)
        self += text.utf8
      }
      return
    }
    pad(to: FrameBytes.alignment)
    switch tensor.elements {
    case .bool(let elements): append(contentsOf: elements.lazy.map { $0 ? 1 : 0 })
    case .int32(let elements): appendWords(elements) { $0 }
    case .int64(let elements): appendWords(elements) { $0 }
    case .float32(let elements): appendWords(elements) { $0.bitPattern }
    case .float64(let elements): appendWords(elements) { $0.bitPattern }
    case .string: break
    }
  }

  private mutating func appendWords<Item, Word: FixedWidthInteger>(
    _ elements: [Item], _ convert: (Item) -> Word
  ) {
    reserveCapacity(count + elements.count * Word.bitWidth / 8)
    for element in elements {
      unsafe Swift.withUnsafeBytes(of: convert(element).littleEndian) { unsafe append(contentsOf: $0) }
    }
  }
}

// MARK: - What comes in

/// Bytes that are read from the front, each reading checked against what is left.
struct FrameBytes {
  /// Elements start at multiples of this, counted from the start of what is behind the head.
  static let alignment = 64

  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Whether all was read.
  var isAtEnd: Bool { offset == bytes.count }

  /// Reads a number of so many bytes, least significant first.
  mutating func number(_ width: Int) -> UInt64? {
    guard width <= bytes.count - offset else { return nil }
    defer { offset += width }
    return bytes[offset..<(offset + width)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads so many bytes.
  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= bytes.count - offset else { return nil }
    defer { offset += count }
    return bytes[offset..<(offset + count)]
  }

  /// What is left, as text for people.
  mutating func text() -> String {
    defer { offset = bytes.count }
    return String(decoding: bytes[offset...], as: UTF8.self)
  }

  private mutating func skip(to multiple: Int) -> Bool {
    take((multiple - offset % multiple) % multiple)?.allSatisfy { $0 == 0 } ?? false
  }

  /// Reads what an answer carries, a tensor for each declared output; nil where it is anything else.
  static func tensors(of payload: [UInt8], like ports: [ModelSignature.Port]) -> [Tensor]? {
    var reader = FrameBytes(payload)
    guard reader.number(8) == UInt64(ports.count) else { return nil }
    var tensors: [Tensor] = []
    for port in ports {
      guard let tensor = reader.tensor(port.datatype) else { return nil }
      tensors.append(tensor)
    }
    return reader.isAtEnd ? tensors : nil
  }

  private mutating func tensor(_ datatype: Datatype) -> Tensor? {
    guard skip(to: 8), number(1) == UInt64(datatype.wireCode), let rank = number(1),
      rank <= UInt64(ONNXRuntimeModel.axisLimit), skip(to: 8)
    else { return nil }
    var shape: [Int] = []
    for _ in 0..<rank {
      guard let axis = number(8), let length = Int(exactly: axis) else { return nil }
      shape.append(length)
    }
    guard let count = Tensor.elementCount(of: shape), let elements = elements(datatype, count) else {
      return nil
    }
    return Tensor(shape: shape, elements: elements)
  }

  private mutating func elements(_ datatype: Datatype, _ count: Int) -> Tensor.Elements? {
    switch datatype {
    case .string: return texts(count).map { .string($0) }
    case .bool:
      guard skip(to: Self.alignment), let bytes = take(count), bytes.allSatisfy({ $0 <= 1 }) else {
        return nil
      }
      return .bool(bytes.map { $0 == 1 })
    case .int32: return words(count) { (word: UInt32) in Int32(bitPattern: word) }.map { .int32($0) }
    case .int64: return words(count) { (word: UInt64) in Int64(bitPattern: word) }.map { .int64($0) }
    case .float32: return words(count) { (word: UInt32) in Float(bitPattern: word) }.map { .float32($0) }
    case .float64: return words(count) { (word: UInt64) in Double(bitPattern: word) }.map { .float64($0) }
    }
  }

  private mutating func texts(_ count: Int) -> [String]? {
    // Each text has its length before it.
    guard count <= (bytes.count - offset) / 4 else { return nil }
    var texts: [String] = []
    texts.reserveCapacity(count)
    for _ in 0..<count {
      guard let length = number(4), let text = take(Int(length)) else { return nil }
      texts.append(String(decoding: text, as: UTF8.self))
    }
    return texts
  }

  private mutating func words<Word: FixedWidthInteger & BitwiseCopyable, Element>(
    _ count: Int, _ convert: (Word) -> Element
  ) -> [Element]? {
    let width = Word.bitWidth / 8
    let (size, overflow) = count.multipliedReportingOverflow(by: width)
    guard !overflow, skip(to: Self.alignment), let bytes = take(size) else { return nil }
    let span = unsafe bytes.span.bytes
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for offset in stride(from: 0, to: size, by: width) {
      // Unsafe in name only: any bytes make an integer, and RawSpan checks the bounds.
      let word = unsafe span.unsafeLoadUnaligned(fromByteOffset: offset, as: Word.self)
      elements.append(convert(Word(littleEndian: word)))
    }
    return elements
  }
}

/// What the engine says that went wrong.
enum EngineFailure: UInt64 {
  case absent = 1
  case unusable = 2
  case sandbox = 3
  case malformed = 4
  case refused = 5
  case run = 6
  case tooLarge = 7

  /// Reads a failure and its text.
  static func parse(_ payload: [UInt8]) -> (failure: EngineFailure, text: String)? {
    var reader = FrameBytes(payload)
    guard let failure = reader.number(4).flatMap(EngineFailure.init(rawValue:)) else { return nil }
    return (failure, reader.text())
  }
}
