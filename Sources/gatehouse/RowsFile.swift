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
      if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) { return try array(bytes) }
      let first = bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
      if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return try json(bytes, signature) }
      return try CSVRows.read(bytes, for: signature)
    } catch {
      var problem = error
      problem.subject = problem.subject ?? path
      throw problem
    }
  }

  private static func array(_ bytes: [UInt8]) throws(Problem) -> Rows {
    let array: NumPyArray
    do { array = try NumPyFile.read(bytes[...]) } catch {
      throw Problem(.badInput, "rows.malformed", error.message, position: "byte \(error.offset)")
    }
    guard 1...2 ~= array.shape.count, let values = array.items?.doubles() else {
      throw Problem(
        .badInput, "rows.malformed",
        "expected numbers with one or two axes, found \(array.type) with \(array.shape.count)")
    }
    let rowCount = array.shape.count == 1 ? 1 : array.shape[0]
    return Rows(
      values: array.rowMajor(values), rowCount: rowCount, featureCount: array.shape.last ?? 0)
  }

  private static func json(_ bytes: [UInt8], _ signature: ModelSignature) throws(Problem) -> Rows {
    let json: JSON
    do { json = try JSON(parsing: bytes) } catch {
      throw Problem(
        .badInput, "rows.malformed", "expected \(error.expected), found \(error.found)",
        position: "line \(error.line), column \(error.column)")
    }
    var decoder = RowDecoder(signature: signature)
    _ = try decoder.decode(json["data"] ?? json)
    return decoder.rows
  }
}

/// Comma-separated values (RFC 4180): a line a row, an empty field for a missing value.
///
/// A first line that is no row of numbers names the columns. A model with feature names takes its columns by
/// those names, in whatever order they come.
private enum CSVRows {
  static func read(_ bytes: [UInt8], for signature: ModelSignature) throws(Problem) -> Rows {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Problem(.badInput, "rows.malformed", "expected text in UTF-8, found bytes that are not")
    }
    let lines = text.split(whereSeparator: \.isNewline)
    guard let first = lines.first else {
      throw Problem(.badInput, "rows.malformed", "expected at least one row, found none")
    }
    let head = fields(of: first)
    let isHeader = head.contains { !$0.isEmpty && Double($0) == nil }
    let order = isHeader ? try columns(head, signature) : Array(head.indices)
    var values: [Double] = []
    var rowCount = 0
    for (index, line) in lines.enumerated().dropFirst(isHeader ? 1 : 0) {
      let cells = fields(of: line)
      guard cells.count == head.count else {
        throw Problem(
          .badInput, "rows.malformed", "expected \(head.count) fields, found \(cells.count)",
          position: "row \(index + 1)")
      }
      for column in order {
        let cell = cells[column]
        guard let value = cell.isEmpty ? .nan : Double(cell) else {
          throw Problem(
            .badInput, "rows.malformed", "expected a number or nothing, found '\(cell.prefix(40))'",
            position: "row \(index + 1), column \(column + 1)")
        }
        values.append(value)
      }
      rowCount += 1
    }
    return Rows(values: values, rowCount: rowCount, featureCount: order.count)
  }

  /// Where in a line each feature of the model stands.
  private static func columns(_ header: [String], _ signature: ModelSignature) throws(Problem) -> [Int] {
    guard let names = signature.featureNames else { return Array(header.indices) }
    var columns: [Int] = []
    for name in names {
      guard let column = header.firstIndex(of: name) else {
        throw Problem(
          .badInput, "rows.missing-column", "expected a column '\(name.prefix(80))', found none of that name",
          hint: "the model was trained with \(names.prefix(20).joined(separator: ", "))")
      }
      columns.append(column)
    }
    return columns
  }

  private static func fields(of line: Substring) -> [String] {
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    var previousWasQuote = false
    for character in line {
      if character == "\"" {
        // A quote inside quotes is written twice.
        if isQuoted, !previousWasQuote {
          previousWasQuote = true
          continue
        }
        if previousWasQuote { field.append("\"") }
        isQuoted = true
        previousWasQuote = false
        continue
      }
      if previousWasQuote {
        isQuoted = false
        previousWasQuote = false
      }
      if character == ",", !isQuoted {
        fields.append(field)
        field = ""
      } else {
        field.append(character)
      }
    }
    fields.append(field)
    return fields.map { $0.trimmingSpaces() }
  }
}

extension String {
  fileprivate func trimmingSpaces() -> String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
