import Domain
import Encoding
import Inference
import ModelGraph

extension Prediction {
  /// Reads the body of a `/predict` or `/invocations` route.
  ///
  /// The rows are one of these members, and `method` (or for MLflow's clients `params`, an object with it) may stand
  /// beside them; `null` is a missing value.
  ///
  /// - `data`: one row, a list of rows, or either with objects of named features for rows.
  /// - `dataframe_split`: an object of `columns` and `data`, as pandas writes it; `index` is not read.
  /// - `dataframe_records` and `instances`: a list of rows.
  /// - `inputs`: a list of rows, or an object with a list for each feature.
  init(
    predicting reader: inout RequestReader, with model: ServedModel, asksMLflow: Bool
  ) throws(Problem) {
    let kind = try reader.kind()
    guard kind == .object else {
      // What is no JSON at all is told as that.
      try reader.skip()
      try reader.end()
      throw Problem(
        .badInput, "predict.malformed",
        "expected an object such as {\"data\": [...]}, found \(kind.description)")
    }
    var decoder = RowDecoder(model.layout)
    var members = MemberNames()
    var method: PredictionMethod?
    var source: String?
    var isSingleRow = false
    try reader.beginObject()
    while let name = try reader.nextName() {
      try members.add(name, reader)
      switch name {
      case "method": method = try model.signature.method(&reader, at: "/method")
      case "params": method = try Self.parameters(&reader, model.signature) ?? method
      case "data", "dataframe_split", "dataframe_records", "instances", "inputs":
        if let source {
          throw Problem(
            .badInput, "predict.malformed", "expected rows once, found them as '\(source)' and as '\(name)'",
            position: "/\(name)")
        }
        source = name
        isSingleRow = try Self.rows(&reader, as: name, into: &decoder)
      default:
        throw Problem(
          .badInput, "predict.unknown-member",
          "expected the members 'data' and 'method' alone, found '\(name.excerpt(40))'",
          position: "/\(name.excerpt(40))",
          hint: "rows may also come as 'dataframe_split', 'dataframe_records', 'instances' or 'inputs'")
      }
    }
    try reader.end()
    guard source != nil else {
      throw Problem(.badInput, "predict.malformed", "expected a member 'data', found none")
    }
    try self.init(decoder.rows, method, of: model, isSingleRow: isSingleRow, asksMLflow: asksMLflow)
  }

  /// Reads rows in comma-separated values.
  init(
    predictingCSV bytes: [UInt8], with model: ServedModel, asksMLflow: Bool
  ) throws(Problem) {
    try self.init(
      try CSVRows(model.layout).rows(in: bytes), nil, of: model, isSingleRow: false,
      asksMLflow: asksMLflow)
  }

  private init(
    _ rows: Rows, _ method: PredictionMethod?, of model: ServedModel, isSingleRow: Bool, asksMLflow: Bool
  ) throws(Problem) {
    guard let method = method ?? model.signature.outputs.first?.method else {
      throw Problem(.internal, "predict.no-method", "expected a model with a method, found none")
    }
    self.init(
      model: model, rows: rows, methods: [method],
      form: .rows(member: asksMLflow ? "predictions" : "result", isSingleRow: isSingleRow && !asksMLflow))
  }

  /// Reads rows in the form that their member's name says; whether it is one row and no list.
  private static func rows(
    _ reader: inout RequestReader, as member: String, into decoder: inout RowDecoder
  ) throws(Problem) -> Bool {
    let pointer = "/\(member)"
    switch member {
    case "dataframe_split":
      try split(&reader, into: &decoder)
      return false
    case "inputs" where try reader.kind() == .object && decoder.takesRows:
      try decoder.decodeColumns(&reader, at: pointer)
      return false
    default: return try decoder.decode(&reader, at: pointer)
    }
  }

  private static func split(
    _ reader: inout RequestReader, into decoder: inout RowDecoder
  ) throws(Problem) {
    let pointer = "/dataframe_split"
    guard try reader.kind() == .object else {
      throw Problem(
        .badInput, "predict.malformed",
        "expected an object of 'columns' and 'data', found \(try reader.kind().description)",
        position: pointer)
    }
    var members = MemberNames()
    var columns: [String]?
    /// Where the rows begin that came before the names of their columns.
    var data: RequestReader?
    try reader.beginObject()
    while let name = try reader.nextName() {
      try members.add(name, reader)
      switch name {
      case "columns": columns = try decoder.columnNames(&reader, at: "\(pointer)/columns")
      case "data":
        if let columns {
          try decoder.decode(&reader, columns: columns, at: "\(pointer)/data")
        } else {
          data = reader
          try reader.skip()
        }
      case "index": try reader.skip()
      default:
        throw Problem(
          .badInput, "predict.unknown-member",
          "expected the members 'columns', 'index' and 'data' alone, found '\(name.excerpt(40))'",
          position: "\(pointer)/\(name.excerpt(40))")
      }
    }
    guard let columns, members.contains("data") else {
      throw Problem(
        .badInput, "predict.malformed",
        "expected 'columns' and 'data', found no '\(columns == nil ? "columns" : "data")'", position: pointer)
    }
    if data != nil, var data { try decoder.decode(&data, columns: columns, at: "\(pointer)/data") }
  }

  private static func parameters(
    _ reader: inout RequestReader, _ signature: ModelSignature
  ) throws(Problem) -> PredictionMethod? {
    guard try reader.kind() == .object else {
      throw Problem(
        .badInput, "predict.malformed",
        "expected an object as 'params', found \(try reader.kind().description)", position: "/params")
    }
    var method: PredictionMethod?
    try reader.beginObject()
    while let name = try reader.nextName() {
      guard name == "method", method == nil else {
        throw Problem(
          .badInput, "predict.unknown-member",
          "expected the parameter 'method' alone, found '\(name.excerpt(40))'",
          position: "/params/\(name.excerpt(40))")
      }
      method = try signature.method(&reader, at: "/params/method")
    }
    return method
  }
}

extension ModelSignature {
  fileprivate func method(
    _ reader: inout RequestReader, at pointer: String
  ) throws(Problem) -> PredictionMethod {
    let kind = try reader.kind()
    guard kind == .string else {
      throw Problem(
        .badInput, "predict.malformed", "expected a string as 'method', found \(kind.description)",
        position: pointer)
    }
    return try method(named: try reader.string(), position: pointer)
  }
}
