public import Domain
import Encoding
import Inference

/// Rows of a file, with the names of their columns.
public struct DataTable: Sendable {
  /// How many rows there may be.
  public static let rowLimit = 1_000_000
  /// How many fields there may be, those of the first line counted.
  public static let cellLimit = 1 << 23

  /// What the data is called.
  public let name: String
  /// The SHA-256 of the file.
  public let digest: Digest
  /// The names of the columns in their order.
  public let columns: [String]
  private let records: ArraySlice<CSVRecords.Record>
  private let places: [String: Int]

  /// How many rows there are.
  public var rowCount: Int { records.count }

  /// Reads comma-separated values whose first line names the columns, in whatever order.
  ///
  /// Holds about 24 bytes and the text for each field. Throws `rows.malformed`, and `rows.too-many-rows` or
  /// `rows.too-many-cells` past the limits.
  public init(csv bytes: [UInt8], name: String, digest: Digest) throws(Problem) {
    let all: [CSVRecords.Record]
    do throws(Problem) { all = try CSVRecords(bytes, cellLimit: Self.cellLimit).all } catch {
      throw error.about(name)
    }
    guard let header = all.first, all.count > 1 else {
      throw Problem(
        .badInput, "rows.malformed", "expected a line of names and at least one row, found fewer",
        subject: name)
    }
    guard all.count - 1 <= Self.rowLimit else {
      throw Problem(
        .tooLarge, "rows.too-many-rows", "expected at most \(Self.rowLimit) rows, found \(all.count - 1)",
        subject: name, hint: "draw fewer rows")
    }
    var places: [String: Int] = [:]
    for (place, field) in header.fields.enumerated() {
      guard field.text.isOneLine(upTo: Schema.textLimit) else {
        throw Problem(
          .badInput, "rows.column-name",
          "expected a name of one line of 1 to \(Schema.textLimit) bytes for each column, found another",
          subject: name, position: "column \(place + 1)")
      }
      guard places.updateValue(place, forKey: field.text) == nil else {
        throw Problem(
          .badInput, "rows.column-name", "expected each name once, found '\(field.text.excerpt(80))' again",
          subject: name, position: "column \(place + 1)")
      }
    }
    if let ragged = all.first(where: { $0.fields.count != header.fields.count }) {
      throw Problem(
        .badInput, "rows.malformed",
        "expected \(header.fields.count) fields, found \(ragged.fields.count)", subject: name,
        position: "row \(ragged.line)")
    }
    self.name = name
    self.digest = digest
    self.columns = header.fields.map(\.text)
    self.records = all.dropFirst()
    self.places = places
  }

  /// Where a column stands; throws `rows.missing-column`.
  func place(of column: String) throws(Problem) -> Int {
    if let place = places[column] { return place }
    throw Problem(
      .badInput, "rows.missing-column",
      "expected a column '\(column.excerpt(80))', found none of that name", subject: name,
      hint: NearName.nearest(to: column, among: columns).map { "use '\($0)'" })
  }

  /// The field of a row, counted from 0, in the column at a place.
  func field(_ row: Int, _ place: Int) -> CSVRecords.Field {
    records[records.startIndex + row].fields[place]
  }

  /// The line of the file in which a row starts.
  func line(of row: Int) -> Int { records[records.startIndex + row].line }
}

extension CSVRecords.Field {
  /// Whether nothing stands there.
  var isMissing: Bool { text.isEmpty && !isQuoted }
}

extension Problem {
  /// The problem with what it is about, where it does not say so itself.
  func about(_ subject: String) -> Problem {
    var problem = self
    problem.subject = problem.subject ?? subject
    return problem
  }
}
