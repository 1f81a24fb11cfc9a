import Encoding

/// One block of 512 bytes before a member (POSIX.1-2017, pax; GNU tar's manual, "Basic Tar Format").
struct TarHeader {
  static let blockCount = 512

  /// Which of the formats that share the layout it is of.
  enum Format {
    /// Before POSIX: no magic.
    case v7
    /// POSIX, with a prefix of the name.
    case ustar
    /// GNU's own, where times stand in place of the prefix.
    case gnu
  }

  let format: Format
  let type: UInt8
  /// The name, with the prefix where the format has one.
  let name: String
  /// The name field alone.
  let nameField: ArraySlice<UInt8>
  let linkTarget: String
  /// How many bytes of contents follow; nil where the field is no number.
  let size: Int?
  /// Whether blocks with the rest of a sparse file's map follow; GNU's own way of writing one.
  let hasMoreMap: Bool
  /// The name as Python reads it where something stands at the place of the prefix that only `ustar` has.
  let strayName: String?

  /// Reads a block; nil where its checksum is not that of a header.
  init?(_ block: ArraySlice<UInt8>) {
    guard block.count == Self.blockCount, Self.hasChecksum(block) else { return nil }
    func field(_ offset: Int, _ count: Int) -> ArraySlice<UInt8> {
      block.window(at: offset, count: count) ?? []
    }
    type = field(156, 1).first ?? 0
    let magic = field(257, 8)
    format =
      magic.starts(with: Array("ustar\0".utf8))
      ? .ustar : magic.starts(with: Array("ustar ".utf8)) ? .gnu : .v7
    nameField = field(0, 100).prefix { $0 != 0 }
    let prefix = field(345, 155).prefix { $0 != 0 }
    let own = ZipName(nameField, isUTF8: false).value
    let isPrefixed = format == .ustar && !prefix.isEmpty
    name = isPrefixed ? ZipName(prefix, isUTF8: false).value + "/" + own : own
    let isStray = format != .ustar && !prefix.isEmpty && type != UInt8(ascii: "S")
    strayName = isStray ? ZipName(prefix, isUTF8: false).value + "/" + own : nil
    linkTarget = ZipName(field(157, 100).prefix { $0 != 0 }, isUTF8: false).value
    size = TarNumber.read(field(124, 12))
    hasMoreMap = type == UInt8(ascii: "S") && field(482, 1).first != 0
  }

  /// Whether the sum of all bytes, its own field taken as spaces, is what the field says; some writers summed
  /// signed bytes.
  static func hasChecksum(_ block: ArraySlice<UInt8>) -> Bool {
    guard let field = block.window(at: 148, count: 8), let declared = TarNumber.read(field) else {
      return false
    }
    var unsigned = 8 * 0x20
    var signed = 8 * 0x20
    for (offset, byte) in block.enumerated() where !(148..<156 ~= offset) {
      unsigned += Int(byte)
      signed += Int(Int8(bitPattern: byte))
    }
    return (declared == unsigned || declared == signed) && unsigned != 8 * 0x20
  }
}

/// The numbers of a tar header.
enum TarNumber {
  /// Octal digits between spaces and zeros, or, with the highest bit set, 256 to the power of the rest.
  static func read(_ field: ArraySlice<UInt8>) -> Int? {
    guard let first = field.first else { return nil }
    if first & 0x80 != 0 {
      guard first == 0x80 else { return nil }
      return field.dropFirst().reduce(Int?.some(0)) { value, byte in
        guard let value, value <= Int.max >> 8 else { return nil }
        return value << 8 | Int(byte)
      }
    }
    let text = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
    guard text.count <= 20 else { return nil }
    var value = 0
    for byte in text {
      guard UInt8(ascii: "0")...UInt8(ascii: "7") ~= byte else { return nil }
      value = value << 3 | Int(byte - UInt8(ascii: "0"))
    }
    return value
  }
}

/// The records of a pax header: `length keyword=value` and a line feed.
struct PaxRecords {
  /// The values by keyword; of one that occurs twice the last, as POSIX has it.
  private(set) var values: [String: ArraySlice<UInt8>] = [:]
  /// What is wrong, completing "found"; nil where nothing is.
  private(set) var fault: String?

  init(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while let first = rest.first {
      // Some writers fill the block with zeros that they count.
      if first == 0, rest.allSatisfy({ $0 == 0 }) { return }
      let digits = rest.prefix(10).prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
      guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 2,
        let record = rest.window(at: 0, count: length), record.last == UInt8(ascii: "\n"),
        record.dropFirst(digits.count).first == UInt8(ascii: " ")
      else {
        fault = "a record whose length is wrong"
        return
      }
      let body = record.dropFirst(digits.count + 1).dropLast()
      guard let equals = body.firstIndex(of: UInt8(ascii: "=")) else {
        fault = "a record without '='"
        return
      }
      let key = String(decoding: body[..<equals], as: UTF8.self)
      if values.updateValue(body[(equals + 1)...], forKey: key) != nil {
        fault = "two records of one keyword"
      }
      rest = rest.dropFirst(length)
    }
  }

  func text(_ key: String) -> String? { values[key].map { ZipName($0, isUTF8: false).value } }

  /// Whether a member is stored without its holes.
  var isSparse: Bool { values.keys.contains { $0.hasPrefix("GNU.sparse") || $0.hasPrefix("SCHILY.sparse") } }
}
