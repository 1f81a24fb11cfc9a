public import Encoding

/// What became of one request to a data plane: who asked what of which model, and how it was answered.
///
/// Of the data only salted digests, unless the deployment's policy asks for more: what was sent and answered can be held against them by whoever has both it and
/// the salt, and nobody learns it from them.
public struct AccessRecord: Equatable, Sendable {
  /// When its head had come in.
  public var time: Timestamp
  /// The W3C trace id, 32 hexadecimal digits: the caller's, or one of our own.
  public var trace: String
  /// What was asked for: `predict`, `infer`, `metadata`; nil where it was nothing that is served.
  public var request: String?
  /// The id of the key that was presented; nil where there was none that is known.
  public var key: String?
  /// The served name that was asked about.
  public var deployment: ModelName?
  /// The version that answered.
  public var version: Int?
  /// The status of the answer, in numbers of HTTP.
  public var status: Int
  /// The code of the problem that was answered; nil where there was none.
  public var code: String?
  /// From the head of the request to the answer, in nanoseconds.
  public var nanoseconds: Int
  /// How many rows were predicted for.
  public var rows: Int
  /// The salted digest of the body as it was sent; nil where none was taken in.
  public var input: Digest?
  /// The salted digest of the body of the answer.
  public var output: Digest?
  /// The rows and their answers as JSON in a text, where the deployment's policy has them kept (`RecordsPolicy`).
  public var payload: String?
  /// What the model said of the rows, where labels are awaited for them; nil where they are not.
  public var said: String?
  /// The salted digest of the key by which the caller will name the request when its labels come.
  public var feedbackKey: Digest?

  /// The record of a request of which nothing is known yet but when it came.
  public init(time: Timestamp, trace: String) {
    self.time = time
    self.trace = trace
    status = 0
    nanoseconds = 0
    rows = 0
  }

  /// Appends the canonical JSON of the record (`JSON.canonicalBytes`), without a tree in between.
  public func write(to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "{"))
    if let code { Self.write(#""code":"#, code, to: &bytes) }
    if let deployment { Self.write(#""deployment":"#, deployment.description, to: &bytes) }
    if let feedbackKey { Self.write(#""feedbackKey":"#, feedbackKey, to: &bytes) }
    if let input { Self.write(#""input":"#, input, to: &bytes) }
    if let key { Self.write(#""key":"#, key, to: &bytes) }
    Self.write(#""nanoseconds":"#, nanoseconds, to: &bytes)
    if let output { Self.write(#""output":"#, output, to: &bytes) }
    if let payload { Self.write(#""payload":"#, payload, to: &bytes) }
    if let request { Self.write(#""request":"#, request, to: &bytes) }
    Self.write(#""rows":"#, rows, to: &bytes)
    if let said { Self.write(#""said":"#, said, to: &bytes) }
    Self.write(#""status":"#, status, to: &bytes)
    Self.write(#""time":"#, Int(time.milliseconds), to: &bytes)
    Self.write(#""trace":"#, trace, to: &bytes)
    if let version { Self.write(#""version":"#, version, to: &bytes) }
    bytes[bytes.count - 1] = UInt8(ascii: "}")
  }

  /// Appends a member; `name` is written with its quotes and colon.
  private static func write(_ name: StaticString, _ text: String, to bytes: inout [UInt8]) {
    bytes.append(name)
    bytes.append(jsonString: text)
    bytes.append(UInt8(ascii: ","))
  }

  private static func write(_ name: StaticString, _ number: Int, to bytes: inout [UInt8]) {
    bytes.append(name)
    bytes.append(decimal: number)
    bytes.append(UInt8(ascii: ","))
  }

  private static func write(_ name: StaticString, _ digest: Digest, to bytes: inout [UInt8]) {
    bytes.append(name)
    bytes.append(UInt8(ascii: "\""))
    digest.appendHexadecimal(to: &bytes)
    bytes.append("\",")
  }

  /// Reads what `write` wrote; nil where it is something else.
  public init?(json: JSON) {
    guard let time = json["time"]?.integer, let trace = json["trace"]?.string,
      let status = json["status"]?.integer, let nanoseconds = json["nanoseconds"]?.integer,
      let rows = json["rows"]?.integer
    else { return nil }
    self.init(time: Timestamp(milliseconds: time), trace: trace)
    self.status = Int(status)
    self.nanoseconds = Int(nanoseconds)
    self.rows = Int(rows)
    request = json["request"]?.string
    key = json["key"]?.string
    deployment = json["deployment"]?.string.flatMap { try? ModelName(parsing: $0) }
    version = json["version"]?.integer.map { Int($0) }
    code = json["code"]?.string
    input = json["input"]?.string.flatMap { Digest(hexadecimal: $0) }
    output = json["output"]?.string.flatMap { Digest(hexadecimal: $0) }
    payload = json["payload"]?.string
    said = json["said"]?.string
    feedbackKey = json["feedbackKey"]?.string.flatMap { Digest(hexadecimal: $0) }
  }
}

/// Requests that left no record, where the deployment goes on without.
public struct AccessGap: Equatable, Sendable {
  /// How many requests.
  public var count: Int
  /// When the first of them was answered.
  public var since: Timestamp
  /// When records could be written again.
  public var until: Timestamp

  /// States how many requests of which time left no record.
  public init(count: Int, since: Timestamp, until: Timestamp) {
    self.count = count
    self.since = since
    self.until = until
  }

  /// The gap as the spool carries it.
  public var json: JSON {
    [
      "gap": JSON(count), "since": .integer(since.milliseconds), "until": .integer(until.milliseconds),
    ]
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let count = json["gap"]?.integer, let since = json["since"]?.integer,
      let until = json["until"]?.integer
    else { return nil }
    self.init(
      count: Int(count), since: Timestamp(milliseconds: since), until: Timestamp(milliseconds: until))
  }
}
