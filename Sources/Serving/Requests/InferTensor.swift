import Domain
import Encoding
import Inference

/// One tensor of a request of the Open Inference Protocol, read and converted, whatever wire it came on.
struct InferTensor {
  /// What an element may be.
  enum Datatype: Equatable {
    case number(NumericDatatype)
    /// `BYTES`: texts.
    case text

    /// The datatype of a name; nil where the protocol has none of it.
    init?(_ name: String) {
      if name == "BYTES" {
        self = .text
      } else if let numeric = NumericDatatype(rawValue: name) {
        self = .number(numeric)
      } else {
        return nil
      }
    }
  }

  /// The elements, the last axis fastest; NaN or nil where one is missing.
  enum Elements {
    case numbers([Double])
    case texts([String?])

    var count: Int {
      switch self {
      case .numbers(let values): values.count
      case .texts(let values): values.count
      }
    }
  }

  /// How many axes a tensor may have.
  static let mostAxes = 8

  let name: String
  let shape: [Int]
  let elements: Elements
  /// Which of the request's inputs it is.
  let index: Int
  /// Where the tensor stands in its request.
  var pointer: String { Self.pointer(index) }

  /// Where an input stands in its request.
  static func pointer(_ index: Int) -> String { "/inputs/\(index)" }

  /// How many elements a shape has; a problem where an axis is negative or they are too many to count.
  static func count(of shape: [Int], at pointer: @autoclosure () -> String) throws(Problem) -> Int {
    var count = 1
    for (axis, length) in shape.enumerated() {
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard length >= 0, !overflow else {
        throw malformedInfer("expected lengths of axes, found \(length)", at: "\(pointer())/shape/\(axis)")
      }
      count = product
    }
    return count
  }
}

// MARK: In binary

extension InferTensor.Datatype {
  /// The elements that `bytes` spell; `count` of them are expected.
  func elements(
    in bytes: ArraySlice<UInt8>, count: Int, at pointer: String
  ) throws(Problem) -> InferTensor.Elements {
    switch self {
    case .number(let datatype):
      let (size, overflow) = count.multipliedReportingOverflow(by: datatype.byteCount)
      guard !overflow, bytes.count == size else {
        throw malformedInfer(
          "expected \(count) elements of \(datatype.byteCount) bytes, as in 'shape', found \(bytes.count) bytes",
          at: pointer)
      }
      do { return .numbers(try datatype.values(of: bytes)) } catch {
        throw Problem(
          .badInput, "infer.element", "expected \(datatype.description), found another",
          position: "\(pointer)/\(error.index)")
      }
    case .text: return .texts(try texts(in: bytes, count: count, at: pointer))
    }
  }

  /// Texts, each behind the number of its bytes in four, the least significant first.
  private func texts(
    in bytes: ArraySlice<UInt8>, count: Int, at pointer: String
  ) throws(Problem) -> [String?] {
    var reader = ByteReader(bytes)
    var texts: [String?] = []
    texts.reserveCapacity(min(count, bytes.count / 4))
    while !reader.isAtEnd {
      guard texts.count < count else { break }
      let text: ArraySlice<UInt8>
      do {
        let length = try reader.readLittleEndian(UInt32.self, "the length of a text")
        text = try reader.read(Int(length), "a text")
      } catch {
        throw malformedInfer(
          "expected a length and as many bytes, found the end of the tensor", at: "\(pointer)/\(texts.count)")
      }
      guard let text = String(validating: text, as: UTF8.self) else {
        throw Problem(
          .badInput, "infer.element", "expected text in UTF-8, found bytes that are not",
          position: "\(pointer)/\(texts.count)")
      }
      texts.append(text)
    }
    guard texts.count == count, reader.isAtEnd else {
      throw malformedInfer(
        "expected \(count) texts, as in 'shape', found \(reader.isAtEnd ? "\(texts.count)" : "more")",
        at: pointer)
    }
    return texts
  }
}
