import Encoding

/// What is wrong with a safetensors file.
public enum SafetensorsFault: Error, Equatable, Sendable {
  /// Its parts contradict each other, as no writer makes them.
  case structure(String, offset: Int)
  /// It breaks off, or its header is no JSON.
  case damage(String, offset: Int)
  /// There is something in it that the format has no word for.
  case unknown(String, offset: Int)
}

/// The header of a safetensors file: 8 bytes of length, least significant first, a JSON object, then the elements
/// of all tensors end to end.
///
/// For files of anybody; `ModelGraph` reads its own with a stricter reader, which takes three types and one
/// order of tensors. Source: the format's description in huggingface/safetensors, and what its reader refuses.
public struct SafetensorsHeader: Sendable {
  /// How long a header may be; what the format's own reader takes.
  public static let limit = 100_000_000
  private static let faultLimit = 20

  /// Everything that is wrong, in the order of the header.
  public private(set) var faults: [SafetensorsFault] = []
  /// The bytes of the header.
  public private(set) var text: ArraySlice<UInt8> = []
  /// How many tensors there are.
  public private(set) var tensorCount = 0

  /// Whether bytes begin as a safetensors file does: a length, and an object.
  public static func begins(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count >= 10 else { return false }
    let length = UInt64(littleEndianBytes: bytes.prefix(8))
    // Eight printable characters are the beginning of a text.
    let isText = bytes.prefix(8).allSatisfy { 0x20..<0x7F ~= $0 || 0x09...0x0D ~= $0 }
    guard length >= 2, !isText else { return false }
    let rest = bytes.dropFirst(8).prefix(64).drop { $0 == 0x20 || 0x09...0x0D ~= $0 }
    guard rest.first == UInt8(ascii: "{") else { return false }
    let next = rest.dropFirst().first { $0 != 0x20 && !(0x09...0x0D ~= $0) }
    return next == UInt8(ascii: "\"") || next == UInt8(ascii: "}")
  }

  /// Reads and checks the header of a whole file.
  public static func read(_ bytes: ArraySlice<UInt8>) -> SafetensorsHeader {
    var header = SafetensorsHeader()
    header.check(bytes)
    return header
  }

  private mutating func check(_ bytes: ArraySlice<UInt8>) {
    let length = UInt64(littleEndianBytes: bytes.prefix(8))
    guard bytes.count >= 8, length <= UInt64(Self.limit) else {
      faults.append(
        .structure("expected a header of at most \(Self.limit) bytes, found \(length)", offset: 0))
      return
    }
    guard Int(length) <= bytes.count - 8 else {
      faults.append(
        .damage(
          "expected \(length) bytes of header, found the end of the file after \(bytes.count - 8)", offset: 8)
      )
      return
    }
    text = bytes.dropFirst(8).prefix(Int(length))
    if text.first != UInt8(ascii: "{") {
      faults.append(.structure("expected '{' where the header begins, found white space", offset: 8))
    }
    var scanner = JSONScanner(text, visitor: SafetensorsVisitor())
    do throws(JSONScanError) {
      let scan = try scanner.run()
      for duplicate in scan.duplicates {
        add(
          .structure(
            "expected each name once, found '\(duplicate.name.escaped(limit: 80))' again",
            offset: 8 + duplicate.offset
          ))
      }
      if scan.documents > 1 { add(.structure("expected one JSON object as header, found more", offset: 8)) }
    } catch {
      switch error {
      case .depth(let limit, let offset):
        add(.structure("expected a header of at most \(limit) levels, found more", offset: 8 + offset))
      case .digits(let count, let offset):
        add(.structure("expected a number that fits, found one of \(count) digits", offset: 8 + offset))
      case .malformed(let expected, let found, let offset):
        add(.damage("expected \(expected) in the header, found \(found)", offset: 8 + offset))
      case .otherText: add(.damage("expected a JSON object as header, found other text", offset: 8))
      }
      return
    }
    let visitor = scanner.visitor
    for fault in visitor.faults { add(fault.shifted(by: 8)) }
    tensorCount = visitor.tensors.count
    // Where entries are missing, their bytes would seem to belong to nobody.
    if faults.contains(where: \.isDamage) { return }
    place(visitor.tensors, dataBytes: UInt64(bytes.count - 8) - length)
  }

  /// Checks that the tensors lie end to end and fill the data.
  private mutating func place(_ tensors: [SafetensorsVisitor.Tensor], dataBytes: UInt64) {
    let sorted = tensors.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
    var end: UInt64 = 0
    for tensor in sorted {
      let name = "'\(name(of: tensor))'"
      if tensor.end < tensor.begin {
        add(
          .structure(
            "expected \(name) to end behind byte \(tensor.begin) of the data, found \(tensor.end)", at: tensor
          ))
        return
      }
      if !tensor.hasKnownType {
        // Its fault is known already; only its place can be checked.
      } else if let size = tensor.byteCount {
        if size != tensor.end - tensor.begin {
          add(
            .structure(
              "expected \(size) bytes for the shape of \(name), found \(tensor.end - tensor.begin)",
              at: tensor))
        }
      } else {
        add(.structure("expected a shape that fits a file, found one of \(name) past it", at: tensor))
      }
      if tensor.begin < end {
        add(
          .structure(
            "expected \(name) to begin at byte \(end) of the data, found \(tensor.begin): it overlaps another",
            at: tensor)
        )
      } else if tensor.begin > end {
        add(
          .structure(
            "expected \(name) to begin at byte \(end) of the data, found \(tensor.begin): \(tensor.begin - end) bytes "
              + "belong to no tensor", at: tensor))
      }
      end = max(end, tensor.end)
    }
    if end > dataBytes {
      add(
        .damage(
          "expected \(end) bytes of tensors, found the end of the file after \(dataBytes)",
          offset: 8 + text.count))
    } else if end < dataBytes {
      add(
        .structure(
          "expected the end of the file after the tensors, found \(dataBytes - end) bytes more",
          offset: 8 + text.count + Int(end)))
    }
  }

  private func name(of tensor: SafetensorsVisitor.Tensor) -> String {
    let rest = text.dropFirst(tensor.nameOffset + 1)
    let name = rest.prefix(80).prefix { $0 != UInt8(ascii: "\"") }
    return String(decoding: name, as: UTF8.self).escaped(limit: 80)
  }

  private mutating func add(_ fault: SafetensorsFault) {
    if faults.count < Self.faultLimit { faults.append(fault) }
  }
}

extension SafetensorsFault {
  fileprivate static func structure(_ message: String, at tensor: SafetensorsVisitor.Tensor)
    -> SafetensorsFault
  {
    .structure(message, offset: 8 + tensor.nameOffset)
  }

  fileprivate var isDamage: Bool {
    if case .damage = self { true } else { false }
  }

  fileprivate func shifted(by count: Int) -> SafetensorsFault {
    switch self {
    case .structure(let message, let offset): .structure(message, offset: offset + count)
    case .damage(let message, let offset): .damage(message, offset: offset + count)
    case .unknown(let message, let offset): .unknown(message, offset: offset + count)
    }
  }
}
