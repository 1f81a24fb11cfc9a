import Encoding
import Testing

@testable import Serving

/// A `ModelInferRequest` in the making.
struct InferMessage: Sendable {
  struct Input: Sendable {
    var name = "input"
    var datatype = "FP64"
    var shape: [Int64]
    /// Writes the fields of `InferTensorContents`; nil where there are none.
    var contents: (@Sendable (inout ProtobufWriter) -> Void)?
  }

  var model = "line"
  var version = ""
  var id = ""
  var inputs: [Input] = []
  var outputs: [String] = []
  var raw: [[UInt8]] = []

  /// One row of doubles, typed.
  static func row(_ values: [Double], model: String = "line") -> InferMessage {
    InferMessage(
      model: model,
      inputs: [
        Input(shape: [1, Int64(values.count)]) { $0.field(7, values.flatMap(\.bitPattern.littleEndianBytes)) }
      ])
  }

  /// The same as raw bytes.
  static func rawRow(_ values: [Double], model: String = "line") -> InferMessage {
    InferMessage(
      model: model, inputs: [Input(shape: [1, Int64(values.count)])],
      raw: [values.flatMap(\.bitPattern.littleEndianBytes)])
  }

  /// As it goes over the wire, not compressed: its length before it.
  var framed: [UInt8] { [0] + RawFrame.word(UInt32(bytes.count)) + bytes }

  var bytes: [UInt8] {
    var writer = ProtobufWriter()
    if !model.isEmpty { writer.text(1, model) }
    if !version.isEmpty { writer.text(2, version) }
    if !id.isEmpty { writer.text(3, id) }
    for input in inputs {
      writer.message(5) { writer in
        writer.text(1, input.name)
        writer.text(2, input.datatype)
        writer.packed(3, input.shape)
        if let contents = input.contents { writer.message(5, contents) }
      }
    }
    for output in outputs { writer.message(6) { $0.text(1, output) } }
    for raw in raw { writer.field(7, raw) }
    return writer.bytes
  }
}

/// A `ModelInferResponse` as a client reads it.
struct InferAnswer: Equatable {
  struct Output: Equatable {
    var name = ""
    var datatype = ""
    var shape: [Int64] = []
    var doubles: [Double] = []
    var integers: [Int64] = []
    var texts: [String] = []
  }

  var model = ""
  var version = ""
  var id = ""
  var parameters: [String: String] = [:]
  var outputs: [Output] = []
  var raw: [[UInt8]] = []

  init(_ bytes: [UInt8]) throws {
    var reader = ProtobufReader(bytes[...], origin: 0)
    while let field = try reader.next() {
      switch field.number {
      case 1: model = try field.text("model")
      case 2: version = try field.text("version")
      case 3: id = try field.text("id")
      case 4:
        let entry = try fields(of: field.bytes)
        let value = try fields(of: entry[2])
        parameters[String(decoding: try #require(entry[1]), as: UTF8.self)] = String(
          decoding: try #require(value[3]), as: UTF8.self)
      case 5: outputs.append(try Output(try #require(field.bytes)))
      case 6: raw.append(Array(try #require(field.bytes)))
      default: Issue.record("field \(field.number)")
      }
    }
  }
}

extension InferAnswer.Output {
  fileprivate init(_ bytes: ArraySlice<UInt8>) throws {
    var reader = ProtobufReader(bytes, origin: 0)
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.text("name")
      case 2: datatype = try field.text("datatype")
      case 3: try field.forEachInteger { shape.append($0) }
      case 5:
        var contents = ProtobufReader(try #require(field.bytes), origin: 0)
        while let field = try contents.next() {
          switch field.number {
          case 1, 2, 3: try field.forEachInteger { integers.append($0) }
          case 6: try field.forEachFixed32 { doubles.append(Double(Float(bitPattern: $0))) }
          case 7: try field.forEachFixed64 { doubles.append(Double(bitPattern: $0)) }
          case 8: texts.append(try field.text("text"))
          default: Issue.record("contents \(field.number)")
          }
        }
      default: Issue.record("field \(field.number)")
      }
    }
  }
}

/// The bytes of each field of wire type 2, the last of each number.
func fields(of message: ArraySlice<UInt8>?) throws -> [Int: ArraySlice<UInt8>] {
  var found: [Int: ArraySlice<UInt8>] = [:]
  var reader = ProtobufReader(try #require(message), origin: 0)
  while let field = try reader.next() { found[field.number] = field.bytes }
  return found
}
