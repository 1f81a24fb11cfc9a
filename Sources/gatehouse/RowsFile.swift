import Artifacts
import Domain
import Encoding
import Inference
import ModelGraph

/// Rows from a file, for a model of some signature.
///
/// What the bytes are decides how they are read.
enum RowsFile {
  /// Reads a `.npy` array of two axes (or one: one row), a JSON document as `/predict` takes it, or CSV.
  static func read(_ path: String, for signature: ModelSignature) throws(Problem) -> Rows {
    let bytes = try LocalFiles.read(path)
    do throws(Problem) {
      if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) { return try array(bytes, signature.features) }
      let first = bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
      if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return try json(bytes, signature) }
      return try CSVRows(signature: signature).rows(in: bytes)
    } catch {
      var problem = error
      problem.subject = problem.subject ?? path
      throw problem
    }
  }

  private static func array(_ bytes: [UInt8], _ features: FeatureList) throws(Problem) -> Rows {
    let array: NumPyArray
    do { array = try NumPyFile.read(bytes[...]) } catch {
      throw Problem(.badInput, "rows.malformed", error.message, position: "byte \(error.offset)")
    }
    if features.form == .unread, 1...2 ~= array.shape.count {
      return Rows(unread: array.shape.count == 1 ? 1 : array.shape[0])
    }
    let readsTexts = !features.texts.isEmpty
    guard 1...2 ~= array.shape.count, let items = array.items else {
      throw Problem(
        .badInput, "rows.malformed",
        "expected an array with one or two axes, found \(array.type) with \(array.shape.count)")
    }
    // One axis is one row, but for a model that reads one text a row.
    let isColumn = array.shape.count == 1 && features.count == 1 && readsTexts
    let rowCount = array.shape.count == 1 && !isColumn ? 1 : array.shape[0]
    let width = isColumn ? 1 : array.shape.last ?? 0
    if readsTexts {
      guard features.numberCount == 0, features.form != .mappings, let texts = items.strings() else {
        throw Problem(
          .badInput, "rows.malformed",
          "expected rows of \(features.numberCount == 0 ? "texts" : "texts and numbers"), found an array of"
            + " \(array.type)", hint: "send them as JSON or comma-separated values")
      }
      return Rows(texts: array.rowMajor(texts), rowCount: rowCount, width: width, features: features)
    }
    guard let values = items.doubles() else {
      throw Problem(.badInput, "rows.malformed", "expected numbers, found \(array.type)")
    }
    let all = array.rowMajor(values)
    return width == features.count
      ? Rows(values: all, rowCount: rowCount, features: features)
      : Rows(values: all, rowCount: rowCount, featureCount: width)
  }

  private static func json(_ bytes: [UInt8], _ signature: ModelSignature) throws(Problem) -> Rows {
    var reader = RequestReader(bytes, limits: JSONLimits(takesNonFinite: true))
    var decoder = RowDecoder(signature: signature)
    // The form that `/predict` takes, or the rows alone.
    var data: RequestReader?
    if try reader.kind() == .object {
      var body = reader
      try body.beginObject()
      var others: [String] = []
      while let name = try body.nextName() {
        if name != "data" {
          others.append(name)
        } else if data == nil {
          data = body
        } else {
          throw body.repeated(name)
        }
        try body.skip()
      }
      try body.end()
      if data != nil, let other = others.first {
        throw Problem(
          .badInput, "rows.malformed",
          "expected the member 'data' alone, found '\(other.excerpt(40))' beside it",
          position: "/\(other.excerpt(40))", hint: "name a method by --method")
      }
    }
    if data != nil, var data {
      _ = try decoder.decode(&data, at: "/data")
      return decoder.rows
    }
    _ = try decoder.decode(&reader, at: "")
    try reader.end()
    return decoder.rows
  }
}
