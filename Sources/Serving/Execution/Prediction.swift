import Domain
import Encoding
import Inference
import ModelGraph

/// A request that was understood: rows, methods, and the form of the answer.
struct Prediction: Sendable {
  enum Form: Sendable {
    /// An object with the rows of the result in this member; one row that was sent bare is answered bare.
    case rows(member: StaticString, isSingleRow: Bool)
    /// As the Open Inference Protocol has it.
    case infer(InferForm)
  }

  let model: ServedModel
  let rows: Rows
  let methods: [PredictionMethod]
  let form: Form
  var deadline = Deadline.never
  /// What of the request's time went by so far.
  var times = ModelStatistics.Times()
  /// How rows and answers are written into the record; nil where they are not.
  var payload: PayloadForm?
  /// How what the model says is written into the record for labels to come; nil where it is not.
  var feedback: FeedbackForm?
  /// What others are asked once it is answered; nil where nobody is.
  var question: ShadowQuestion?
  /// Whether the rows may be kept to be asked about again.
  var isSampled = false
  /// Whether what comes and what is answered is looked at.
  var isWatched = false
  /// What the deployment does about attacks; nil where nothing is done.
  var defences: ModelDefences?
  /// How many of the rows are unlike training's and are answered all the same.
  var notedRows = 0

  /// About how many elementary steps it takes.
  var steps: Int { model.plan.steps(of: methods, on: rows) }

  /// Predicts and writes the answer down, which may be `limit` bytes long.
  func run(answerLimit limit: Int) -> Answer {
    if let answer = earlyAnswer { return answer }
    let start = Clock.monotonic()
    let result: Result<[PredictionMethod: [Tensor]], Problem>
    do throws(Problem) { result = .success(try model.plan.run(methods, on: rows)) } catch {
      result = .failure(error)
    }
    let nanoseconds = Clock.monotonic() - start
    model.batchGain.noteAlone(rows: rows.rowCount, nanoseconds: nanoseconds)
    return answer(result, took: nanoseconds, answerLimit: limit)
  }

  /// Writes down what predicting came to, which took so many nanoseconds.
  ///
  /// `executions` is how many runs of the model are counted for it: none where another request counts the one that they
  /// shared.
  func answer(
    _ result: Result<[PredictionMethod: [Tensor]], Problem>, took nanoseconds: Int, executions: Int = 1,
    answerLimit limit: Int
  ) -> Answer {
    var times = times
    times.inference = nanoseconds
    let start = Clock.monotonic()
    do throws(Problem) {
      let tensors = try result.get()
      // What leaves, in an answer of any form and in its record. All others go by what the model says: what is watched, what is
      // asked again of another process, what labels are held against, and what others are asked beside it.
      let leaving = defences?.blunted(tensors) ?? tensors
      try refuseLongAnswer(leaving, limit)
      var answer = try written(leaving)
      answer.rows = rows.rowCount
      answer.payload = payload?.text(rows, leaving)
      // As the model said it: blunted answers would be held against labels as if the model were blunt.
      answer.said = feedback?.text(tensors, rows: rows.rowCount)
      if notedRows > 0 { answer.recordCode = ModelDefences.unlikeTraining }
      if isWatched || defences?.watchesCallers == true {
        answer.watched = WatchedAnswer(model.watch, rows, tensors, isWindowed: isWatched, defences: defences)
      }
      times.output = Clock.monotonic() - start
      answer.times = times
      if isSampled { model.reservoir.offer(rows, tensors, of: model) }
      model.statistics.countSuccess(times, rows: rows.rowCount, executions: executions)
      question?.ask(beside: tensors, rows: rows.rowCount)
      return answer
    } catch {
      model.statistics.countFailure(nanoseconds: times.queue + times.input + times.inference)
      if isWatched, error.category == .badInput { model.watch.countRefusal() }
      var answer = Answer(error.forCaller)
      if error.httpStatus >= 500 { answer.fault = error.description.excerpt(1000) }
      return answer
    }
  }

  /// The answer that takes no prediction: it is too late for one, or there are no rows.
  var earlyAnswer: Answer? {
    do throws(Problem) { try deadline.check() } catch {
      model.statistics.countFailure(nanoseconds: times.queue + times.input)
      return Answer(error)
    }
    guard rows.rowCount == 0, case .rows(let member, _) = form else { return nil }
    return .ok(.object(["\(member)": []]))
  }

  private func written(_ tensors: [PredictionMethod: [Tensor]]) throws(Problem) -> Answer {
    switch form {
    case .rows(let member, let isSingleRow):
      guard let method = methods.first, let answer = tensors[method] else {
        throw Problem(.internal, "predict.no-result", "expected a result, found none")
      }
      return .ok(ResultText.write(answer, isSingleRow: isSingleRow, member: member))
    case .infer(let form): return try form.answer(tensors, from: model)
    }
  }

  /// Refuses to write what would be longer than the limit at the length that each element has at most.
  private func refuseLongAnswer(_ tensors: [PredictionMethod: [Tensor]], _ limit: Int) throws(Problem) {
    var bytes = 0
    for tensor in tensors.values.joined() {
      switch tensor.elements {
      case .bool: bytes += tensor.elements.count * 6
      case .int32, .int64, .float32, .float64: bytes += tensor.elements.count * 26
      // A byte of a text takes six at most, as an escape.
      case .string(let texts): bytes += texts.reduce(0) { $0 + $1.utf8.count * 6 + 3 }
      }
    }
    guard bytes <= limit else {
      throw Problem(
        .tooLarge, "predict.answer-too-large",
        "expected rows whose answer takes at most \(limit) bytes, found rows that may take \(bytes)",
        hint: "send the rows in several requests, or ask for fewer outputs")
    }
  }
}

extension Problem {
  /// The problem as a caller may see it: our own faults without their details.
  fileprivate var forCaller: Problem {
    switch category {
    case .internal, .integrity: Problem(category, code, "the model could not answer")
    default: self
    }
  }
}
