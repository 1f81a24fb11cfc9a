/// A NumPy data type.
public indirect enum NumPyType: Equatable, Sendable {
  /// The order of the bytes of one number.
  public enum ByteOrder: Sendable {
    case little, big
  }

  /// A field of a structured type.
  public struct Field: Equatable, Sendable {
    /// Its name.
    public let name: String
    /// Its type.
    public let type: NumPyType
    /// Where it starts in an item, in bytes.
    public let offset: Int

    /// Describes a field.
    public init(name: String, type: NumPyType, offset: Int) {
      self.name = name
      self.type = type
      self.offset = offset
    }
  }

  case bool
  /// Two's complement of 1, 2, 4 or 8 bytes.
  case integer(size: Int, ByteOrder)
  /// Unsigned, of 1, 2, 4 or 8 bytes.
  case unsigned(size: Int, ByteOrder)
  /// IEEE 754 of 2, 4 or 8 bytes.
  case float(size: Int, ByteOrder)
  /// Two floats, of 8 or 16 bytes in all.
  case complex(size: Int, ByteOrder)
  /// Fixed-width text of UTF-32 code units, padded with zeros.
  case unicode(length: Int, ByteOrder)
  /// Fixed-width bytes, padded with zeros.
  case bytes(length: Int)
  /// Opaque bytes, `V`.
  case void(length: Int)
  /// 64-bit counts since 1970 in some unit (`M8`), or a span of them (`m8`).
  case datetime(unit: String, isSpan: Bool, ByteOrder)
  /// References to Python objects.
  case object
  case structured([Field], itemSize: Int)

  /// The length of one item in bytes; for `object` that of a reference, 8.
  public var itemSize: Int {
    switch self {
    case .bool: 1
    case .integer(let size, _), .unsigned(let size, _), .float(let size, _), .complex(let size, _): size
    case .unicode(let length, _): length * 4
    case .bytes(let length), .void(let length): length
    case .datetime, .object: 8
    case .structured(_, let itemSize): itemSize
    }
  }
}

/// A NumPy array: its type, its shape and the bytes that it holds, uninterpreted.
///
/// Made only where shape × item size is the number of bytes held, without overflow.
public struct NumPyArray: Sendable {
  /// What an array holds.
  public enum Storage: Sendable {
    /// The items, end to end; shares the memory of the artifact.
    case bytes(ArraySlice<UInt8>)
    /// The items of an array of type `object`.
    case objects([ValueID])
  }

  /// The type of the items.
  public let type: NumPyType
  /// The length of each axis, outermost first; empty for an array of no axes and one item.
  public let shape: [Int]
  /// Whether the first index runs fastest.
  public let isFortranOrder: Bool
  /// The items in that order.
  public let storage: Storage

  /// How many items there are.
  public let count: Int

  /// Puts items in a shape; nil where shape × item size is not the number of bytes held, or overflows.
  ///
  /// Items of no bytes are refused too: any number of them would fit.
  public init?(type: NumPyType, shape: [Int], isFortranOrder: Bool = false, storage: Storage) {
    guard let count = Self.itemCount(of: shape) else { return nil }
    switch storage {
    case .bytes(let bytes):
      let (length, overflow) = count.multipliedReportingOverflow(by: type.itemSize)
      guard !type.holdsObjects, type.itemSize > 0 || count == 0, !overflow, length == bytes.count else {
        return nil
      }
    case .objects(let items):
      guard type == .object, items.count == count else { return nil }
    }
    self.type = type
    self.shape = shape
    self.isFortranOrder = isFortranOrder
    self.storage = storage
    self.count = count
  }

  /// The product of the axes; nil where one is negative or the product overflows.
  ///
  /// An axis of length 0 does not hide the others: the strides of the rest must be countable too, at up to
  /// 2^31 bytes an item.
  static func itemCount(of shape: [Int]) -> Int? {
    var product = 1
    var isEmpty = false
    for axis in shape {
      guard axis != 0 else {
        isEmpty = true
        continue
      }
      let (next, overflow) = product.multipliedReportingOverflow(by: axis)
      guard axis > 0, !overflow, next <= Int.max >> 31 || !isEmpty else { return nil }
      product = next
    }
    return isEmpty ? (product <= Int.max >> 31 ? 0 : nil) : product
  }
}

/// A NumPy scalar: one item.
public struct NumPyScalar: Sendable {
  /// Its type.
  public let type: NumPyType
  /// Its bytes; as many as the type's item size.
  public let bytes: ArraySlice<UInt8>

  /// Puts bytes in a type; nil where they are not as many as the type's item size.
  public init?(type: NumPyType, bytes: ArraySlice<UInt8>) {
    guard !type.holdsObjects, type.itemSize == bytes.count else { return nil }
    self.type = type
    self.bytes = bytes
  }
}
