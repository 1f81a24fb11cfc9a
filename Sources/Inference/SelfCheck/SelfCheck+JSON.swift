public import Domain
import Encoding
import ModelGraph

extension SelfCheck {
  private static let format = "gatehouse-self-check-1"
  /// The longest file that is read.
  private static let mostBytes = 4 << 20

  /// The bytes of `self-check.json`.
  public var canonicalBytes: [UInt8] {
    let json: JSON = ["format": .string(Self.format), "cases": .array(cases.map(\.json))]
    return json.canonicalBytes
  }

  /// Reads the bytes of a `self-check.json`; throws `self-check.malformed`.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    guard bytes.count <= Self.mostBytes else {
      throw Self.malformed("at most \(Self.mostBytes) bytes", "\(bytes.count)")
    }
    let json: JSON
    do { json = try JSON(parsing: bytes, limits: JSONLimits(depth: 8)) } catch {
      throw Self.malformed(error.expected, error.found)
    }
    guard json["format"]?.string == Self.format, let elements = json["cases"]?.array,
      elements.count <= Self.mostCases
    else {
      throw Self.malformed(
        "the format '\(Self.format)' and at most \(Self.mostCases) cases", "another form")
    }
    var cases: [Case] = []
    for (index, element) in elements.enumerated() {
      guard let each = Case(json: element) else {
        throw Self.malformed("a row and its answers as case \(index)", "another form")
      }
      cases.append(each)
    }
    self.init(cases: cases)
  }

  private static func malformed(_ expected: String, _ found: String) -> Problem {
    Problem(.integrity, "self-check.malformed", "expected \(expected), found \(found)", subject: path)
  }
}

extension SelfCheck.Case {
  fileprivate var json: JSON {
    let answers = answers.map { ($0.rawValue, JSON.array($1.map(\.json))) }
    return [
      "numbers": .array(numbers.map(JSON.init(exactly:))),
      "texts": .array(texts.map { $0.map { .string($0) } ?? .null }),
      "answers": .object(Dictionary(uniqueKeysWithValues: answers)),
    ]
  }

  fileprivate init?(json: JSON) {
    guard let numbers = json["numbers"]?.array, let texts = json["texts"]?.array,
      let methods = json["answers"]?.object, !methods.isEmpty,
      texts.allSatisfy({ $0 == .null || $0.string != nil })
    else { return nil }
    var answers: [PredictionMethod: [SelfCheck.Answer]] = [:]
    for (name, elements) in methods {
      guard let method = PredictionMethod(rawValue: name), let elements = elements.array else { return nil }
      answers[method] = elements.compactMap(SelfCheck.Answer.init(json:))
      guard answers[method]?.count == elements.count else { return nil }
    }
    self.init(
      numbers: numbers.compactMap(\.exactDouble), texts: texts.map(\.string), answers: answers)
    guard self.numbers.count == numbers.count else { return nil }
  }
}

extension SelfCheck.Answer {
  fileprivate var json: JSON {
    let elements: [JSON] =
      switch elements {
      case .bool(let elements): elements.map { .bool($0) }
      case .int32(let elements): elements.map { .integer(Int64($0)) }
      case .int64(let elements): elements.map { .integer($0) }
      case .float32(let elements): elements.map { JSON(exactly: Double($0)) }
      case .float64(let elements): elements.map(JSON.init(exactly:))
      case .string(let elements): elements.map { .string($0) }
      }
    return [
      "datatype": .string(self.elements.datatype.rawValue), "count": JSON(count), "exact": .bool(isExact),
      "elements": .array(elements),
    ]
  }

  fileprivate init?(json: JSON) {
    guard let datatype = json["datatype"]?.string.flatMap(Datatype.init(rawValue:)),
      let count = json["count"]?.int, count >= 0, let isExact = json["exact"]?.bool,
      let values = json["elements"]?.array
    else { return nil }
    let elements: Tensor.Elements =
      switch datatype {
      case .bool: .bool(values.compactMap(\.bool))
      case .int32: .int32(values.compactMap { $0.integer.flatMap { Int32(exactly: $0) } })
      case .int64: .int64(values.compactMap(\.integer))
      case .float32: .float32(values.compactMap { $0.exactDouble.map { Float($0) } })
      case .float64: .float64(values.compactMap(\.exactDouble))
      case .string: .string(values.compactMap(\.string))
      }
    guard elements.count == values.count, elements.count <= count else { return nil }
    self.init(count: count, elements: elements, isExact: isExact)
  }
}

extension JSON {
  /// A number whose bits come back, those too that JSON has no number for: they are names.
  fileprivate init(exactly value: Double) {
    switch value {
    case _ where value.isNaN: self = "NaN"
    case .infinity: self = "Infinity"
    case -.infinity: self = "-Infinity"
    case 0 where value.sign == .minus: self = "-0"
    default: self = .number(value)
    }
  }

  /// What `init(exactly:)` was given; nil for any other value.
  fileprivate var exactDouble: Double? {
    switch string {
    case nil: double
    case "NaN"?: .nan
    case "Infinity"?: .infinity
    case "-Infinity"?: -.infinity
    case "-0"?: -0.0
    default: nil
    }
  }
}
