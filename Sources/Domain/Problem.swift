public import Encoding

/// Everything that can go wrong and be told: one shape on the command line, over HTTP and in the ledger.
public struct Problem: Error, Equatable, Sendable {
  /// What kind of trouble it is; decides the exit code and the HTTP status, never the wording.
  public enum Category: String, Sendable, CaseIterable {
    /// The command or the call itself is wrong.
    case usage
    /// What was sent cannot be used.
    case badInput = "bad-input"
    /// No credential, or one that nothing knows.
    case unauthenticated
    /// A known principal without the right.
    case forbidden
    /// The thing named does not exist.
    case notFound = "not-found"
    /// It cannot be done in the present state.
    case conflict
    /// More bytes or rows than the limit.
    case tooLarge = "too-large"
    /// More requests than the caller may make; later it may.
    case tooMany = "too-many"
    /// The caller's own time was over first.
    case deadline
    /// Inspection, lifting or policy says no.
    case refused
    /// Policy says not yet: somebody has to agree first, or a time to come.
    case waiting
    /// Stored or sealed bytes are not what they were.
    case integrity
    /// Something that is needed does not answer, or is full.
    case unavailable
    /// Our own fault.
    case `internal`
  }

  /// What kind of trouble it is.
  public let category: Category
  /// A stable name, `area.what-happened`; scripts may depend on it.
  public let code: String
  /// One line in lower case without a full stop: what was expected and what was found.
  public let message: String
  /// What it is about: a model, a file, a digest.
  public var subject: String?
  /// Where: `file:line:column`, `byte 1204`, or a JSON Pointer.
  public var position: String?
  /// What to do about it, imperative.
  public var hint: String?
  /// What was underneath, one line.
  public var cause: String?
  /// After how many seconds it may be tried again, where that is known.
  public var retryAfter: Int?

  /// States one problem.
  public init(
    _ category: Category, _ code: String, _ message: String, subject: String? = nil,
    position: String? = nil, hint: String? = nil, cause: String? = nil, retryAfter: Int? = nil
  ) {
    self.category = category
    self.code = code
    self.message = message
    self.subject = subject
    self.position = position
    self.hint = hint
    self.cause = cause
    self.retryAfter = retryAfter
  }

  /// The exit status of a command that ends with this problem.
  public var exitCode: Int32 {
    switch category {
    case .usage, .badInput, .tooLarge: 2
    case .refused: 3
    case .waiting: 4
    case .integrity: 5
    case .unavailable, .tooMany, .deadline: 6
    default: 1
    }
  }

  /// The HTTP status of an answer that carries this problem.
  public var httpStatus: Int {
    switch category {
    case .usage, .badInput: 400
    case .unauthenticated: 401
    case .forbidden: 403
    case .notFound: 404
    case .conflict, .waiting: 409
    case .tooLarge: 413
    case .refused: 422
    case .tooMany: 429
    case .integrity, .internal: 500
    case .unavailable: 503
    case .deadline: 504
    }
  }
}

extension Problem: CustomStringConvertible {
  /// The form for a terminal: the error, where, the cause and the hint, a line each.
  ///
  /// What they quote may be anyone's, so control characters come out escaped.
  public var description: String {
    var lines = ["error[\(code)]: \(message.excerpt())"]
    if let place = place { lines.append("  --> \(place.excerpt())") }
    if let cause { lines.append("  cause: \(cause.excerpt())") }
    if let hint { lines.append("  hint: \(hint.excerpt())") }
    return lines.joined(separator: "\n")
  }

  private var place: String? {
    switch (subject, position) {
    case (let subject?, let position?): "\(subject), \(position)"
    case (let only?, nil), (nil, let only?): only
    case (nil, nil): nil
    }
  }
}

extension Problem {
  /// The form for HTTP: problem details (RFC 9457), with the code, position and hint as members of their own.
  public var json: JSON {
    var members: [String: JSON] = [
      "type": .string("urn:gatehouse:problem:\(code)"), "title": .string(message),
      "status": JSON(httpStatus), "code": .string(code), "category": .string(category.rawValue),
    ]
    if let subject { members["subject"] = .string(subject) }
    if let position { members["position"] = .string(position) }
    if let hint { members["hint"] = .string(hint) }
    if let cause { members["cause"] = .string(cause) }
    return .object(members)
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let code = json["code"]?.string, let message = json["title"]?.string,
      let category = json["category"]?.string.flatMap(Category.init(rawValue:))
    else { return nil }
    self.init(
      category, code, message, subject: json["subject"]?.string, position: json["position"]?.string,
      hint: json["hint"]?.string, cause: json["cause"]?.string)
  }
}
