import Domain
import Encoding
import Inference
import NIOCore
import NIOPosix

/// The form in which a body came.
struct BodyForm: Equatable, Sendable {
  var coding: ContentCoding?
  /// The bytes of JSON before the tensors in binary, by Inference-Header-Content-Length; nil where all is JSON.
  var headerBytes: Int?
  /// Whether the rows are comma-separated values.
  var isCSV = false
  /// Whether it is a message of gRPC.
  var isProtobuf = false
}

/// What is to be done with a body.
enum Operation: Sendable {
  case model(ModelOperation)
  case index(RepositoryIndex)
}

/// What is to be done with a body, and with which model.
struct ModelOperation: Sendable {
  enum Kind: Sendable {
    case predict
    /// The same in the words of MLflow's scoring server.
    case invoke
    case infer
  }

  let kind: Kind
  let model: ServedModel
  var form = BodyForm()
  /// How rows and answers are written into the record; nil where they are not.
  var payload: PayloadForm?
  /// How what the model says is written into the record for labels to come; nil where it is not.
  var feedback: FeedbackForm?
  /// Whether the rows may be kept to be asked about again.
  var isSampled = false
  /// Whether what comes and what is answered is looked at.
  var isWatched = false
  /// What the deployment does about attacks; nil where nothing is done.
  var defences: ModelDefences?
  var turn = Turn.open
  /// Who is asked the same once it is answered; nil where nobody is.
  var shadows: Shadows?

  /// Understands a body; the problem that it throws is the caller's.
  ///
  /// `queue` is how many nanoseconds the body waited for a thread.
  func decode(_ body: ByteBuffer, limits: PlaneLimits, queue: Int = 0) throws(Problem) -> Prediction {
    let start = Clock.monotonic()
    do throws(Problem) {
      try turn.deadline.check()
      var prediction = try understood(body, limits: limits)
      if let defences { prediction = try defences.admitted(prediction) }
      prediction.payload = payload
      prediction.feedback = feedback
      prediction.question = shadows?.question(self, body)
      prediction.isSampled = isSampled
      prediction.isWatched = isWatched
      prediction.deadline = turn.deadline
      prediction.times.queue = queue
      prediction.times.input = Clock.monotonic() - start
      return prediction
    } catch {
      if isWatched, error.category == .badInput { model.watch.countRefusal() }
      model.statistics.countFailure(nanoseconds: queue + Clock.monotonic() - start)
      throw error
    }
  }

  /// What a body asks for, of so many rows at most.
  func understood(_ body: ByteBuffer, limits: PlaneLimits) throws(Problem) -> Prediction {
    let prediction = try read(body, limits: limits)
    guard prediction.rows.rowCount <= limits.rows else {
      throw Problem(
        .tooLarge, "predict.too-many-rows",
        "expected at most \(limits.rows) rows, found \(prediction.rows.rowCount)",
        hint: "send them in several requests")
    }
    return prediction
  }

  private func read(_ body: ByteBuffer, limits: PlaneLimits) throws(Problem) -> Prediction {
    var bytes = Array(body.readableBytesView)
    if let coding = form.coding { bytes = try BodyInflater.inflate(bytes, coding, limit: limits.bodyBytes) }
    let jsonLimits = JSONLimits(
      depth: limits.bodyDepth, values: limits.bodyValues, takesNonFinite: true)
    switch kind {
    case .predict, .invoke:
      let asksMLflow = kind == .invoke
      if form.isCSV { return try Prediction(predictingCSV: bytes, with: model, asksMLflow: asksMLflow) }
      guard !bytes.isEmpty else {
        throw Problem(
          .badInput, "json.malformed", "expected a body in JSON, found none",
          hint: "send a body such as {\"data\": [5.9, 3.0, 5.1, 1.8]}")
      }
      var reader = RequestReader(bytes, limits: jsonLimits)
      return try Prediction(predicting: &reader, with: model, asksMLflow: asksMLflow)
    case .infer where form.isProtobuf:
      return try Prediction(try InferRequest(protobuf: bytes[...]), with: model)
    case .infer:
      guard let headerBytes = form.headerBytes else {
        var reader = RequestReader(bytes, limits: jsonLimits)
        return try Prediction(try InferRequest(&reader, binary: []), with: model)
      }
      guard headerBytes <= bytes.count else {
        throw malformedInfer(
          "expected at most the \(bytes.count) bytes of the body as Inference-Header-Content-Length, found"
            + " \(headerBytes)", at: "")
      }
      guard headerBytes > 0 else {
        return try Prediction(try InferRequest(raw: bytes[...], for: model), with: model)
      }
      var reader = RequestReader(Array(bytes[..<headerBytes]), limits: jsonLimits)
      return try Prediction(try InferRequest(&reader, binary: bytes[headerBytes...]), with: model)
    }
  }

  /// Understands a body and predicts, on this thread of a pool and others that are free; `completion` is called on one of
  /// them.
  func perform(
    _ body: ByteBuffer, limits: PlaneLimits, queue: Int, _ pool: NIOThreadPool, threads: Int,
    completion: @escaping @Sendable (Answer) -> Void
  ) {
    do throws(Problem) {
      try decode(body, limits: limits, queue: queue).run(
        on: pool, threads: threads, answerLimit: limits.answerBytes, completion: completion)
    } catch {
      completion(Answer(error))
    }
  }
}
