import Domain
import Provenance

/// The record of a request that is under way.
struct AccessDraft {
  var record: AccessRecord
  /// The model that it came to.
  var model: ServedModel?
  /// Whether its caller named no version, so that the deployment said which one answers.
  var isShared = false
  /// What becomes of the answer where no record can be written; nil leaves it to the process.
  var whenSpoolFull: RecordsPolicy.WhenSpoolFull?
  /// What its caller will call it when labels come; nil where none are awaited.
  var feedbackKey: String?
  /// Nanoseconds of the clock that only goes forward, when the head had come in.
  let start: Int
  /// Nanoseconds from there until its body was whole.
  var received = 0
  /// Whether the request leaves a record: one that asks for the health of the plane does not.
  var isRecorded = true
  /// What was asked by, `/v2/models/{model}/infer`; nil where it is nothing that is served.
  var route: StaticString?
  /// What it came by.
  let transport: RequestTransport
  /// Its span; nil where it leaves none and its caller sent no trace.
  var span: OpenSpan?

  /// Begins the record of a request that has come in now.
  init(trace: String, transport: RequestTransport = RequestTransport()) {
    self.transport = transport
    start = Clock.monotonic()
    record = AccessRecord(time: Clock.now(), trace: trace)
  }

  /// When the head had come in.
  var arrival: Arrival { Arrival(nanoseconds: start, time: record.time) }

  /// The record of the request with this answer; digests are made where there is a salt for them.
  func finished(with answer: Answer, salt: [UInt8]?) -> AccessRecord {
    var record = record
    record.status = answer.status
    record.code = answer.recordCode ?? answer.code
    record.rows = answer.rows
    record.nanoseconds = Clock.monotonic() - start
    record.input = answer.inputDigest ?? record.input
    record.payload = answer.payload
    record.said = answer.said
    if let salt, let feedbackKey, answer.said != nil, let deployment = record.deployment {
      record.feedbackKey = FeedbackKey.digest(feedbackKey, of: deployment, salt: salt)
    }
    if let digest = answer.outputDigest {
      record.output = digest
    } else if let salt, answer.status == 200 {
      record.output = Digest(of: answer.body, salt: salt)
    }
    return record
  }
}

extension Digest {
  /// The SHA-256 of the salt and the bytes behind it.
  init(of bytes: some Collection<UInt8>, salt: [UInt8]) {
    var hasher = DigestHasher()
    hasher.update(salt)
    hasher.update(bytes)
    self = hasher.digest
  }
}
