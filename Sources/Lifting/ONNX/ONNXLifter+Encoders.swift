import Artifacts
import Domain
import Encoding
import ModelGraph

// Encodings of categories.
extension ONNXLifter {
  static let encoders: [String: Handler] = [
    "ai.onnx.ml.OneHotEncoder": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.oneHotEncoder()]
    },
    "ai.onnx.ml.LabelEncoder": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.labelEncoder())]
    },
    "ai.onnx.ml.CategoryMapper": { (lifter: inout ONNXLifter) throws(Problem) in
      [.batch(try lifter.categoryMapper())]
    },
  ]

  /// A column for each category behind each element; 1 where the element is it.
  private mutating func oneHotEncoder() throws(Problem) -> ONNXValue {
    let takesUnknown = try integer("zeros", default: 1) != 0
    let texts = try self.texts("cats_strings") ?? []
    let integers = try self.integers("cats_int64s") ?? []
    var batch = try batch(0)
    let numbers: [Double]
    if batch.kind == .text {
      guard !texts.isEmpty, integers.isEmpty, batch.content == .texts else {
        throw refusal("unexpected-attribute", "categories of text", "others")
      }
      numbers = texts.indices.map { Double($0) }
      try spend(texts.count)
      batch.value = try apply(
        EncodeTexts(keys: texts, numbers: numbers, other: takesUnknown ? -1 : nil), to: [batch.value],
        named: "places")
      batch.content = .numbers
    } else {
      guard texts.isEmpty, !integers.isEmpty else {
        throw refusal("unexpected-attribute", "categories of integers", "others")
      }
      numbers = integers.map { Double($0) }
      batch = try self.numbers(batch)
      if batch.kind.isFloat { batch = try map(.trunc, batch) }
      if !takesUnknown {
        try spend(numbers.count)
        batch.value = try apply(
          EncodeNumbers(keys: numbers, numbers: numbers, other: nil), to: [batch.value], named: "known")
      }
    }
    batch.kind = .float32
    let widened = batch.reshaped(batch.shape + [1], rowAxis: batch.rowAxis)
    let categories = ONNXConstant(kind: .float64, shape: [numbers.count], elements: .numbers(numbers))
    return try combined(.equal, .batch(widened), .constant(categories)).with(kind: .float32)
  }

  /// Keys or values of an encoder, in whichever of the attributes they are.
  private mutating func entries(_ name: String) throws(Problem) -> ONNXConstant? {
    if let texts = try texts("\(name)_strings") {
      return ONNXConstant(kind: .text, shape: [texts.count], elements: .texts(texts))
    }
    if let integers = try integers("\(name)_int64s") {
      return ONNXConstant(
        kind: .integer, shape: [integers.count], elements: .integers(integers.map { Int64($0) }))
    }
    if let floats = try floats("\(name)_floats") {
      return ONNXConstant(kind: .float32, shape: [floats.count], elements: .numbers(floats))
    }
    return try tensor("\(name)_tensor")
  }

  /// What stands for a key that there is none of.
  private mutating func fallback(_ kind: ONNXKind) throws(Problem) -> ONNXConstant {
    let text = try text("default_string", default: "_Unused")
    let integer = try integer("default_int64", default: -1)
    let float = try float("default_float", default: -0.0)
    if let tensor = try tensor("default_tensor") { return tensor }
    switch kind {
    case .text: return ONNXConstant(kind: .text, shape: [1], elements: .texts([text]))
    case .integer, .boolean:
      return ONNXConstant(kind: .integer, shape: [1], elements: .integers([Int64(integer)]))
    case .float32, .float64: return ONNXConstant(kind: kind, shape: [1], elements: .numbers([float]))
    }
  }

  private mutating func labelEncoder() throws(Problem) -> ONNXBatch {
    if let classes = try texts("classes_strings") {
      // The first version: texts to their places, or places to texts.
      let isText = try batch(0).kind == .text
      let texts = ONNXConstant(kind: .text, shape: [classes.count], elements: .texts(classes))
      let places = ONNXConstant(
        kind: .integer, shape: [classes.count], elements: .integers(classes.indices.map { Int64($0) }))
      let other = try fallback(isText ? .integer : .text)
      return try encoded(
        try batch(0), keys: isText ? texts : places, values: isText ? places : texts, other: other)
    }
    guard let keys = try entries("keys"), let values = try entries("values"), keys.count == values.count,
      keys.count > 0
    else { throw refusal("unexpected-attribute", "as many keys as values", "others") }
    return try encoded(try batch(0), keys: keys, values: values, other: try fallback(values.kind))
  }

  private mutating func categoryMapper() throws(Problem) -> ONNXBatch {
    guard let texts = try texts("cats_strings"), let integers = try integers("cats_int64s"),
      texts.count == integers.count, !texts.isEmpty
    else { throw refusal("unexpected-attribute", "as many texts as integers", "others") }
    let isText = try batch(0).kind == .text
    let names = ONNXConstant(kind: .text, shape: [texts.count], elements: .texts(texts))
    let numbers = ONNXConstant(
      kind: .integer, shape: [texts.count], elements: .integers(integers.map { Int64($0) }))
    let other = try fallback(isText ? .integer : .text)
    return try encoded(
      try batch(0), keys: isText ? names : numbers, values: isText ? numbers : names, other: other)
  }

  /// The values at keys, and another where there is no such key.
  private mutating func encoded(
    _ batch: ONNXBatch, keys: ONNXConstant, values: ONNXConstant, other: ONNXConstant
  ) throws(Problem) -> ONNXBatch {
    try spend(2 * keys.count)
    var result = batch
    // Values of text are picked by the places of their keys, the other value by the one behind.
    let isText = values.kind == .text
    let numbers = isText ? (0..<values.count).map { Double($0) } : values.doubles ?? []
    guard let fallback = isText ? Double(values.count) : other.doubles?.first, numbers.count == keys.count
    else {
      throw refusal("unexpected-attribute", "values and a default of one kind", "others")
    }
    switch (batch.content, keys.elements) {
    case (.names(let names), .texts(let texts)):
      // What a label becomes is known now.
      let places = Dictionary(zip(texts, texts.indices), uniquingKeysWith: { first, _ in first })
      let picked = names.map { places[$0].map { numbers[$0] } ?? fallback }
      if case .texts(let texts) = values.elements, case .texts(let others) = other.elements,
        let other = others.first
      {
        result.content = .names(picked.map { $0 < Double(texts.count) ? texts[Int($0)] : other })
        return result
      }
      result.value = try apply(Pick(picked), to: [batch.value], named: "encoded")
    case (.texts, .texts(let texts)):
      result.value = try apply(
        EncodeTexts(keys: texts, numbers: numbers, other: fallback), to: [batch.value], named: "encoded")
    case (.numbers, .numbers), (.numbers, .integers), (.indices, .integers), (.indices, .numbers):
      let source = try self.numbers(batch)
      // Before version 4 of the domain NaN is like no key.
      let isOld = model.operatorSets["ai.onnx.ml"] ?? 1 < 4
      let pairs = zip(keys.doubles ?? [], numbers).filter { !isOld || !$0.0.isNaN }
      result.value = try apply(
        EncodeNumbers(keys: pairs.map(\.0), numbers: pairs.map(\.1), other: fallback), to: [source.value],
        named: "encoded")
    default:
      throw refusal("unsupported-type", "keys of the kind of the input", "others")
    }
    result.content = .numbers
    result.kind = values.kind
    guard isText, case .texts(let texts) = values.elements, case .texts(let others) = other.elements,
      let otherText = others.first
    else { return result }
    guard result.columns == 1 else {
      throw refusal("unsupported-type", "one text for each row", "\(result.columns)")
    }
    // The place of the 1 in a column for each text and the other one is an index that can pick it.
    let places = (0...texts.count).map { Double($0) }
    try spend(places.count * 2)
    let copies = try apply(
      Columns([Int64](repeating: 0, count: places.count)), to: [result.value], named: "copies")
    let flags = try apply(Combine(.equal, constants: places), to: [copies], named: "flags")
    result.value = try apply(ArgMax(), to: [flags], named: "index")
    result.content = .names(texts + [otherText])
    return result
  }
}
