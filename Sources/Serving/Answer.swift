import Domain
import Encoding

/// One answer: status, body, and the few header fields that depend on it.
struct Answer: Equatable, Sendable {
  /// A header field that only some answers have.
  enum Field: Equatable, Sendable {
    case allow(Route.Method)
    /// Seconds.
    case retryAfter(Int)
    /// RFC 6750 section 3.
    case challenge(error: String?)

    var name: String {
      switch self {
      case .allow: "Allow"
      case .retryAfter: "Retry-After"
      case .challenge: "WWW-Authenticate"
      }
    }

    var value: String {
      switch self {
      case .allow(let method): method.rawValue
      case .retryAfter(let seconds): seconds.description
      case .challenge(nil): "Bearer realm=\"gatehouse\""
      case .challenge(let error?): "Bearer realm=\"gatehouse\", error=\"\(error)\""
      }
    }
  }

  /// What the body is.
  enum Form: Equatable, Sendable {
    case json
    /// JSON of so many bytes, and tensors in binary behind it.
    case binaryTensors(headerBytes: Int)
    /// A message of gRPC.
    case protobuf

    /// The Content-Type.
    var type: String {
      switch self {
      case .json: "application/json"
      case .binaryTensors: "application/octet-stream"
      case .protobuf: "application/protobuf"
      }
    }
  }

  var status: Int
  /// The body; where it is large it is in `large`.
  var body: [UInt8]
  /// The body of an answer that is large and waits to be written.
  var large: LargeBody?
  var form = Form.json
  var fields: [Field] = []
  /// The code of the problem that it carries.
  var code: String?
  /// What the record has in the place of the code, where that tells its caller less.
  var recordCode: String?
  /// How many rows it predicts for.
  var rows = 0
  /// The salted digest of the body that it answers, where records are kept.
  var inputDigest: Digest?
  /// The salted digest of its own body, where that is known already.
  var outputDigest: Digest?
  /// The rows and their answers for the record, where they are kept there.
  var payload: String?
  /// What the model said of the rows, for the record, where labels are awaited for them.
  var said: String?
  /// What is watched of it once it is on its way; nil where nothing is.
  var watched: WatchedAnswer?
  /// The parts of its time.
  var times = ModelStatistics.Times()
  /// What the operator learns of a fault of our own, and the caller does not.
  var fault: String?
  /// Whether the connection ends with this answer, whatever the caller would like.
  var closes = false

  /// How many bytes the body has.
  var bodyBytes: Int { large?.count ?? body.count }

  /// The reason phrase of a status that is answered here.
  var reason: String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: "Internal Server Error"
    }
  }
}

extension Answer {
  /// An answer of 200.
  static func ok(_ body: [UInt8]) -> Answer { Answer(status: 200, body: body) }

  /// An answer of 200.
  static func ok(_ json: JSON) -> Answer { Answer(status: 200, body: json.canonicalBytes) }

  /// The answer that carries a problem: `{"error": …, "code": …}`, with position and hint where there are
  /// any.
  ///
  /// `error` is a string, always: clients of the Open Inference Protocol index it unseen. Cause and subject
  /// stay here, they may name paths and keys of the operator's.
  init(_ problem: Problem, status: Int? = nil, fields: [Field] = [], closes: Bool = false) {
    var fields = fields
    if problem.category == .unauthenticated {
      fields.append(.challenge(error: Self.isInvalid(problem) ? "invalid_token" : nil))
    }
    if let seconds = problem.retryAfter { fields.append(.retryAfter(seconds)) }
    // Who is told that something is not there yet is told when to ask again.
    if problem.category == .unavailable, fields.isEmpty { fields.append(.retryAfter(1)) }
    var members: [String: JSON] = ["error": .string(problem.message), "code": .string(problem.code)]
    if let position = problem.position { members["position"] = .string(position) }
    if let hint = problem.hint { members["hint"] = .string(hint) }
    self.init(
      status: status ?? problem.httpStatus, body: JSON.object(members).canonicalBytes, fields: fields,
      code: problem.code, closes: closes)
    // The caller learns that its token is refused, the record why.
    if problem.code == "token.refused" { recordCode = problem.cause }
  }

  /// Whether a credential was shown that is none, or none any more (RFC 6750 section 3.1).
  private static func isInvalid(_ problem: Problem) -> Bool {
    ["key.unknown", "key.expired"].contains(problem.code) || problem.code.hasPrefix("token.")
  }

  /// The answer while something is full or not there yet.
  static func unavailable(_ code: String, _ message: String, retryAfter seconds: Int, closes: Bool = false)
    -> Answer
  {
    Answer(Problem(.unavailable, code, message, retryAfter: seconds), closes: closes)
  }
}
