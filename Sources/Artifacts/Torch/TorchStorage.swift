/// A storage that a PyTorch pickle refers to: the numbers of one or several tensors.
public struct TorchStorage: Sendable {
  /// The value that stands for it in the document.
  public let id: ValueID
  /// What the bytes are called in the file: `0`.
  public let key: String
  /// The class of the storage, `FloatStorage`.
  public let type: PickleGlobal
  /// The device that it was saved from: `cpu`.
  public let location: String
  /// How many elements it has; of an untyped storage how many bytes.
  public let count: Int

  /// How many bytes an element takes; nil for a class that is not known.
  public var itemSize: Int? { Self.itemSizes[type.name] }

  /// How many bytes it takes; nil where that is not known or beyond any number.
  public var byteCount: Int? {
    guard let itemSize else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: itemSize)
    return overflow ? nil : bytes
  }

  private static let itemSizes: [String: Int] = [
    "BFloat16Storage": 2, "BoolStorage": 1, "ByteStorage": 1, "CharStorage": 1, "ComplexDoubleStorage": 16,
    "ComplexFloatStorage": 8, "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "IntStorage": 4,
    "LongStorage": 8, "QInt32Storage": 4, "QInt8Storage": 1, "QUInt2x4Storage": 1, "QUInt4x2Storage": 1,
    "QUInt8Storage": 1, "ShortStorage": 2, "UntypedStorage": 1,
  ]

  /// The names of the classes of storages.
  public static let typeNames = Set(itemSizes.keys).union(["Storage", "TypedStorage"])

  /// Reads what the placeholder of a persistent id says; nil where it is no storage.
  ///
  /// `('storage', class, key, location, count)`, in the older format with a view behind.
  init?(_ id: ValueID, in document: PickleDocument) {
    guard let items = Self.identifier(id, in: document), items.count >= 5,
      case .string("storage") = document[items[0]], case .global(let type) = document[items[1]],
      let key = Self.key(items[2], in: document), case .string(let location) = document[items[3]],
      case .integer(let count) = document[items[4]], let count = Int(exactly: count)
    else { return nil }
    self.id = id
    self.key = key
    self.type = type
    self.location = location
    self.count = count
  }

  /// A key is text; a number in `torch.package`.
  private static func key(_ id: ValueID, in document: PickleDocument) -> String? {
    switch document[id] {
    case .string(let text): text
    case .integer(let number): String(number)
    default: nil
    }
  }

  /// The tuple that a placeholder was made of.
  private static func identifier(_ id: ValueID, in document: PickleDocument) -> [ValueID]? {
    guard case .object(let object) = document[id], object.constructor == PickleMachine.persistentLoad,
      let first = object.arguments.first, case .tuple(let items) = document[first]
    else { return nil }
    return items
  }
}

/// What a PyTorch pickle refers to outside its stream.
public struct TorchReferences: Sendable {
  /// The storages, each as often as it is referred to.
  public private(set) var storages: [TorchStorage] = []
  /// References of another kind, as Python would print them, and where they stand.
  public private(set) var others: [(text: String, isNumber: Bool, offset: Int)] = []
  /// The calls that the stream would make, by the values that stand for what they return.
  public private(set) var calls: [(id: ValueID, object: PickleObject)] = []

  /// Collects them from all values of a document; of calls those whose constructor `isOfInterest`.
  public init(_ document: PickleDocument, calls isOfInterest: (PickleGlobal) -> Bool) {
    for index in 0..<document.values.count {
      let id = ValueID(index: index)
      guard case .object(let object) = document[id] else { continue }
      if object.constructor == PickleMachine.persistentLoad {
        if let storage = TorchStorage(id, in: document) {
          storages.append(storage)
        } else {
          let text = object.arguments.first.map(document.describe) ?? ""
          others.append((text, Self.isNumber(object, in: document), document.offset(of: id)))
        }
      } else if isOfInterest(object.constructor) {
        calls.append((id, object))
      }
    }
  }

  private static func isNumber(_ object: PickleObject, in document: PickleDocument) -> Bool {
    guard let first = object.arguments.first else { return false }
    switch document[first] {
    case .integer: return true
    case .string(let text): return !text.isEmpty && text.allSatisfy(\.isNumber)
    default: return false
    }
  }
}
