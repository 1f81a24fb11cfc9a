import Domain
import Engines
import Inference
import Lifting
import ModelGraph
import Monitoring

/// What training data look like, found out beside the file, which may be larger than memory and is not sent.
struct TrainingReference {
  /// Of about how many rows the model is asked what it predicts, evenly spaced.
  static let predictedRows = 20_000

  private let path: String
  /// The column that the model predicts, which it does not read; nil where nobody says.
  private let label: String?
  private let signature: ModelSignature
  private let plan: ExecutionPlan?
  private let columns: WatchedColumns
  /// Which column of the file each feature that is read is, and whether it is a text.
  private var places: [(column: Int, isText: Bool)] = []
  /// How many fields a row has.
  private var width = 0
  /// Rows that have another number of fields, or a text where a number is read.
  private(set) var unfitRows = 0
  private(set) var rows = 0

  /// The reference of the first CSV file among training data; nil where there is none, or none can be made, which is said.
  static func made(
    of paths: [String], for model: String, engine: LiftEngine?, leaving label: String? = nil
  ) -> [UInt8]? {
    guard let path = paths.first(where: { $0.lowercased().hasSuffix(".csv") }) else { return nil }
    let lifted: LiftedGraph
    // What cannot be lifted is refused on the road, with every reason.
    do throws(Problem) { lifted = try OfflineModel.lift(model, engine: engine) } catch { return nil }
    do throws(Problem) {
      var training = TrainingReference(path, lifted, leaving: label)
      let reference = try training.made()
      Console.prose(
        "  watch     \(training.rows) rows of \(path) are what live data are held against"
          + (training.unfitRows > 0 ? "; \(training.unfitRows) that do not fit the model were left out" : ""))
      return reference.bytes
    } catch {
      Console.prose("  watch     live data are held against nothing: \(path): \(error.message)")
      if let hint = error.hint { Console.prose("            hint: \(hint)") }
      return nil
    }
  }

  init(_ path: String, _ lifted: LiftedGraph, leaving label: String?) {
    self.label = label
    self.path = path
    signature = lifted.graph.graph.signature
    plan = try? ExecutionPlan(lifted.graph, engine: ONNXRuntimeEngine.installed())
    columns = WatchedColumns(signature)
  }

  /// Looks at the file twice: for the shapes of its columns, and for what is in them.
  ///
  /// Throws what is wrong with the file as a whole: no row, no column of a name that the model reads.
  mutating func made() throws(Problem) -> Reference {
    guard columns.numberFeatures + columns.textFeatures > 0 else {
      throw Problem(
        .badInput, "reference.no-features",
        "expected a model that reads rows of features, found one that reads something else")
    }
    var survey = ReferenceSurvey(columns)
    var step = 0
    try forEachPart("survey", &step) { (rows: WatchedRows) in survey.observe(rows) }
    guard survey.rows > 0 else {
      throw Problem(
        .badInput, "rows.malformed", "expected rows that fit the model, found \(unfitRows) that do not")
    }
    var count = ReferenceCount(survey.shape, rows: survey.rows)
    try forEachPart("count", &step) { (rows: WatchedRows) throws(Problem) in try count.observe(rows) }
    return count.reference
  }

  /// Reads the file from its beginning; `step` says of how many rows one is predicted for, found out where it is 0.
  private mutating func forEachPart(
    _ what: String, _ step: inout Int, _ body: (WatchedRows) throws(Problem) -> Void
  ) throws(Problem) {
    var pieces = CSVPieces()
    (rows, unfitRows, width) = (0, 0, 0)
    // Copied out, for the pieces are read inside a closure.
    var state = (self, step)
    try LocalFiles.forEachPiece(of: path, what) { (piece: ArraySlice<UInt8>) throws(Problem) in
      try state.0.read(try pieces.take(piece), &state.1, body)
    }
    try state.0.read(pieces.finish(), &state.1, body)
    (self, step) = state
  }

  private mutating func read(
    _ bytes: [UInt8], _ step: inout Int, _ body: (WatchedRows) throws(Problem) -> Void
  ) throws(Problem) {
    guard !bytes.isEmpty else { return }
    var records = try CSVRecords(bytes).all[...]
    if width == 0, let first = records.first, try begin(first) { records = records.dropFirst() }
    if step == 0, !records.isEmpty, case .file(let size) = LocalFiles.kind(of: path) {
      let rowBytes = max(1, bytes.count / records.count)
      step = max(1, size / rowBytes / Self.predictedRows)
    }
    var (asked, others) = (Part(), Part())
    for record in records {
      let isAsked = plan != nil && step > 0 && (rows + unfitRows) % step == 0
      let isFit = isAsked ? asked.append(record, places, width) : others.append(record, places, width)
      if isFit { rows += 1 } else { unfitRows += 1 }
    }
    var watched = WatchedRows()
    for (part, answers) in [(asked, answers(for: asked)), (others, [:])] where part.count > 0 {
      _ = columns.append(
        part.numbers, part.texts, rowCount: part.count, answers, limit: .max, to: &watched)
    }
    try body(watched)
  }

  /// Rows that were read.
  private struct Part {
    var numbers: [Double] = []
    var texts: [String?] = []
    var count = 0

    /// Takes a record; false for one that does not fit.
    mutating func append(
      _ record: CSVRecords.Record, _ places: [(column: Int, isText: Bool)], _ width: Int
    ) -> Bool {
      guard record.fields.count == width else { return false }
      let (numberCount, textCount) = (numbers.count, texts.count)
      for (column, isText) in places {
        let field = record.fields[column]
        if isText {
          texts.append(field.text.isEmpty && !field.isQuoted ? nil : field.text)
        } else if let number = field.number {
          numbers.append(number)
        } else {
          numbers.removeLast(numbers.count - numberCount)
          texts.removeLast(texts.count - textCount)
          return false
        }
      }
      count += 1
      return true
    }
  }

  /// What the model predicts for rows; nothing where it refuses one of them.
  private func answers(for part: Part) -> [PredictionMethod: [Tensor]] {
    guard let plan, part.count > 0 else { return [:] }
    let methods = signature.methods.enumerated().filter {
      $0.offset == 0 || $0.element == .predictProbabilities
    }
    .map(\.element)
    let rows = Rows(
      numbers: part.numbers, texts: part.texts, rowCount: part.count, featureCount: signature.featureCount)
    return (try? plan.run(methods, on: rows)) ?? [:]
  }

  /// Finds the columns by the first line; whether it names them.
  private mutating func begin(_ first: CSVRecords.Record) throws(Problem) -> Bool {
    let features = signature.features
    width = first.fields.count
    let read = features.kinds.enumerated().filter { $0.element != .ignored }
    guard let names = features.names else {
      let columns = first.fields.indices.filter { label == nil || first.fields[$0].text != label }
      guard columns.count == features.count else {
        width = 0
        throw Problem(
          .badInput, "predict.feature-count",
          "expected \(features.count) columns, since the model has no names of them, found \(columns.count)",
          hint:
            "leave out columns that the model does not read, or name the one that it predicts with --label")
      }
      places = read.map { (columns[$0.offset], $0.element == .text) }
      return columns.count < width || places.contains { !$0.isText && first.fields[$0.column].number == nil }
    }
    var found: [String: Int] = [:]
    for (column, field) in first.fields.enumerated() where found[field.text] == nil {
      found[field.text] = column
    }
    places = []
    for (feature, kind) in read {
      guard let column = found[names[feature]] else {
        throw Problem(
          .badInput, "rows.missing-column",
          "expected a column '\(names[feature].prefix(80))', found none of that name",
          hint: "name the columns in the first line as the model does")
      }
      places.append((column, kind == .text))
    }
    return true
  }
}
