import CConfinement
import Domain
import Inference
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Provenance
import Synchronization

/// Who waits for an answer: a connection of HTTP/1.1, or one stream of a connection that has several.
///
/// Has one request under way at a time. Called on its event loop alone.
protocol AnswerReceiver: AnyObject {
  /// Takes the answer that `PlaneLoop.perform` did not have at once; `PlaneLoop.send` follows.
  func answered(_ answer: Answer)
  /// Writes an answer whose record is written.
  func deliver(_ outgoing: OutgoingAnswer)
  /// Sends what was delivered.
  func flush()
  /// What says that nobody waits for the answer any more; nil where that does not show.
  var abandonment: Abandonment? { get }
}

extension AnswerReceiver {
  var abandonment: Abandonment? { nil }
}

/// Says across threads that nobody waits for an answer any more.
final class Abandonment: Sendable {
  private let flag = Synchronization.Atomic<Bool>(false)
  private let hook = NIOLockedValueBox<(@Sendable () -> Void)?>(nil)

  var isCertain: Bool { flag.load(ordering: .relaxed) }

  func declare() {
    flag.store(true, ordering: .relaxed)
    let action = hook.withLockedValue { hook in
      defer { hook = nil }
      return hook
    }
    action?()
  }

  /// Has `action` called where it is declared from here on, in the place of what was to be called before; nothing for nil.
  func onDeclaration(_ action: (@Sendable () -> Void)?) { hook.withLockedValue { $0 = action } }

  /// The answer in the place of one that nobody waits for.
  static let answer = Answer(
    Problem(.unavailable, "request.abandoned", "the caller did not wait for the answer"), status: 499)
}

extension Abandonment? {
  /// The one that there is, or the one that there is from here on.
  mutating func orNew() -> Abandonment {
    let abandonment = self ?? Abandonment()
    self = abandonment
    return abandonment
  }
}

/// An answer on its way out, and what bears on how it is written.
struct OutgoingAnswer {
  var answer: Answer
  var context = AnswerWriter.Context()
  /// Whether the connection ends after it.
  var isLast = false
  /// Where its record stands; nil where there is none.
  var receipt: Receipt?
  /// Its span; nil where there is none and the caller sent no trace.
  var span: AnsweredRequest?
}

/// The way from a request to its recorded answer, for all connections of one event loop and whatever wire they speak.
///
/// Used on its event loop alone.
final class PlaneLoop {
  let plane: DataPlane
  let eventLoop: any EventLoop
  let writer: AnswerWriter
  private let pool: NIOThreadPool
  /// How many threads the pool has.
  private let threads: Int
  private let engines: EngineThreads
  /// Where records go; nil where none are kept.
  private let round: RecordRound?
  /// What the models look like from here.
  private let watch: LoopWatch
  /// What waits to be answered together, by model and methods.
  private var gathered: [GatheredLine.Key: GatheredLine] = [:]

  init(
    plane: DataPlane, eventLoop: any EventLoop, pool: NIOThreadPool, threads: Int, engines: EngineThreads,
    writer: AnswerWriter
  ) {
    self.plane = plane
    self.eventLoop = eventLoop
    self.pool = pool
    self.threads = threads
    self.engines = engines
    self.writer = writer
    watch = LoopWatch(plane.shelf, on: eventLoop)
    round = plane.spool.map { RecordRound(plane: plane, spool: $0, eventLoop: eventLoop) }
  }

  // MARK: For whoever watches

  private var observed: [ObjectIdentifier: any Observed] = [:]

  /// What its connections do.
  var observations: [Observation] { observed.values.flatMap { [$0.observation] + $0.streamObservations } }

  /// Takes in a connection, or a stream of one, that can be asked what it does.
  func add(_ one: any Observed) { observed[ObjectIdentifier(one)] = one }

  /// Forgets one that has ended.
  func remove(_ one: any Observed) { observed[ObjectIdentifier(one)] = nil }

  /// Hands over what was seen of models so far, whole windows or not.
  func handOverWindows() { watch.handOverAll() }

  // MARK: From head to answer

  /// Decides on a request by its head, and begins its record.
  func begin(_ head: RequestHead) -> (decision: Decision, draft: AccessDraft) {
    var draft = plane.draft(of: head)
    return (plane.decide(head, &draft), draft)
  }

  /// Refuses a request of a connection that is one too many; of what it asks for the record alone knows.
  func refuse(_ head: RequestHead) -> (decision: Decision, draft: AccessDraft) {
    var draft = plane.draft(of: head)
    plane.note(head, in: &draft)
    return (.answer(Self.tooManyConnections), draft)
  }

  /// Performs what was decided on; the body is whole.
  ///
  /// Predicts here where that is cheaper than the way to another thread and back, and returns the answer. Where it is
  /// not, returns nil, and the receiver is told later.
  func perform(
    _ operation: Operation, _ body: ByteBuffer, _ draft: inout AccessDraft, for receiver: any AnswerReceiver
  ) -> Answer? {
    draft.received = Clock.monotonic() - draft.start
    switch operation {
    case .index(let index):
      draft.record.input = inputDigest(of: body)
      return index.answer(body, limits: plane.limits)
    case .model(let operation):
      guard let gate = operation.turn.gate else { return predict(operation, body, &draft, receiver) }
      guard gate.enter() else { return wait(at: gate, operation, body, receiver) }
      let answer = predict(operation, body, &draft, receiver)
      // What a thread does leaves when it is done.
      if answer != nil { gate.leave() }
      return answer
    }
  }

  private func predict(
    _ operation: ModelOperation, _ body: ByteBuffer, _ draft: inout AccessDraft,
    _ receiver: any AnswerReceiver
  ) -> Answer? {
    // A compressed body may be of any size behind its small one.
    guard body.readableBytes <= plane.limits.smallBodyBytes, operation.form.coding == nil else {
      return submit(operation, receiver, work(on: operation, body))
    }
    draft.record.input = inputDigest(of: body)
    do throws(Problem) {
      return predict(try operation.decode(body, limits: plane.limits), of: operation, receiver)
    } catch {
      return Answer(error)
    }
  }

  private func predict(
    _ prediction: Prediction, of operation: ModelOperation, _ receiver: any AnswerReceiver
  ) -> Answer? {
    let limits = plane.limits
    let steps = prediction.steps
    // What goes through a gate is one prediction of its own.
    if operation.turn.gate == nil, prediction.isGathered { return gather(prediction, steps: steps, receiver) }
    guard steps > limits.inlineSteps else { return prediction.run(answerLimit: limits.answerBytes) }
    let (pool, threads) = (pool, threads)
    return submit(operation, receiver) { queue, completion in
      var prediction = prediction
      prediction.times.queue = queue
      prediction.run(
        on: pool, threads: threads, answerLimit: limits.answerBytes, completion: completion)
    }
  }

  /// What a record says of a body; nil where no records are kept.
  func inputDigest(of body: ByteBuffer) -> Digest? {
    round.map { Digest(of: body.readableBytesView, salt: $0.salt) }
  }

  /// What a thread does: told how many nanoseconds it was waited for, and what to call with the answer, once.
  private typealias Work =
    @Sendable (
      _ queue: Int, _ completion: @escaping @Sendable (Answer) -> Void
    ) -> Void

  /// Everything from body to answer.
  private func work(on operation: ModelOperation, _ body: ByteBuffer) -> Work {
    let (limits, salt, pool, threads) = (plane.limits, round?.salt, pool, threads)
    return { queue, completion in
      let digest = salt.map { Digest(of: body.readableBytesView, salt: $0) }
      operation.perform(body, limits: limits, queue: queue, pool, threads: threads) { answer in
        var answer = answer
        answer.inputDigest = digest
        completion(answer)
      }
    }
  }

  /// Has a thread answer; returns the refusal where there is no room.
  private func submit(
    _ operation: ModelOperation, _ receiver: any AnswerReceiver, _ work: @escaping Work
  ) -> Answer? {
    guard plane.queuedPredictions.take(1, limit: plane.limits.queuedPredictions) else {
      return Self.overloaded
    }
    job(operation, receiver, work)()
    return nil
  }

  /// Has a thread answer when the gate has room; returns the refusal where too many wait.
  private func wait(
    at gate: ModelGate, _ operation: ModelOperation, _ body: ByteBuffer, _ receiver: any AnswerReceiver
  ) -> Answer? {
    guard plane.queuedPredictions.take(1, limit: plane.limits.queuedPredictions) else {
      return Self.overloaded
    }
    let begin = job(operation, receiver, work(on: operation, body))
    let place = ModelGate.Place()
    let leave = leaving(place, gate, operation.model, receiver)
    let alarm = operation.turn.deadline.remaining.map {
      eventLoop.scheduleTask(in: .nanoseconds(Int64($0))) { leave(Answer(Deadline.over)) }
    }
    let abandonment = receiver.abandonment
    abandonment?.onDeclaration { [eventLoop] in
      eventLoop.execute { leave(Abandonment.answer) }
    }
    let isTaken = gate.wait(at: place) {
      alarm?.cancel()
      abandonment?.onDeclaration(nil)
      begin()
    }
    guard !isTaken else { return nil }
    alarm?.cancel()
    abandonment?.onDeclaration(nil)
    plane.queuedPredictions.release(1)
    return Self.modelOverloaded
  }

  /// What ends the wait of what still waits at a gate, with an answer in the place of its own; to be called on the loop.
  private func leaving(
    _ place: ModelGate.Place, _ gate: ModelGate, _ model: ServedModel, _ receiver: any AnswerReceiver
  ) -> @Sendable (Answer) -> Void {
    let (plane, start) = (plane, Clock.monotonic())
    let loopBound = NIOLoopBound(receiver, eventLoop: eventLoop)
    return { answer in
      guard gate.abandon(place) else { return }
      plane.queuedPredictions.release(1)
      model.statistics.countFailure(nanoseconds: Clock.monotonic() - start)
      loopBound.value.answered(answer)
    }
  }

  /// What has a thread do the work and the receiver told, begun on any thread; it leaves the gate at its end.
  private func job(
    _ operation: ModelOperation, _ receiver: any AnswerReceiver, _ work: @escaping Work
  ) -> @Sendable () -> Void {
    let (plane, salt) = (plane, round?.salt)
    let pool = operation.model.plan.usesEngine ? engines.running : pool
    let gate = operation.turn.gate
    let loopBound = NIOLoopBound(receiver, eventLoop: eventLoop)
    let abandonment = receiver.abandonment
    let start = Clock.monotonic()
    return { [eventLoop] in
      let promise = eventLoop.makePromise(of: Answer.self)
      promise.futureResult.whenSuccess { loopBound.value.answered($0) }
      let completion = { @Sendable (answer: Answer) in
        let answer = plane.settled(answer, salt: salt)
        plane.queuedPredictions.release(1)
        gate?.leave()
        promise.succeed(answer)
      }
      pool.submit { state in
        // What is large gives way to the event loops, and to what they answer themselves.
        gatehouse_give_way()
        // The pool ends after the connections do.
        guard state == .active else { return completion(Self.ending) }
        // A caller that is gone while it waits for a thread, or for its turn, frees both for the next.
        if let abandonment, abandonment.isCertain { return completion(Abandonment.answer) }
        work(Clock.monotonic() - start, completion)
      }
    }
  }

  // MARK: Several at once

  /// Lets a small request wait for those that this turn of the event loop brings beside it, and while others of its
  /// model are under way, for those that come meanwhile.
  ///
  /// Bounded as what waits for a thread is. Returns the refusal where there is no room.
  private func gather(_ prediction: Prediction, steps: Int, _ receiver: any AnswerReceiver) -> Answer? {
    guard plane.queuedPredictions.take(1, limit: plane.limits.queuedPredictions) else {
      return Self.overloaded
    }
    let line = GatheredLine.Key(prediction)
    let isFirst = gathered[line, default: GatheredLine()].append(prediction, steps: steps, receiver)
    if isFirst { answerGatheredNext(line) }
    return nil
  }

  /// Answers what has gathered in a line: here where that is cheaper than the way to another thread and back.
  private func answerGathered(_ line: GatheredLine.Key) {
    guard var gatheredLine = gathered.removeValue(forKey: line), let (batch, receivers) = gatheredLine.next()
    else { return }
    let limit = plane.limits.answerBytes
    guard batch.steps > plane.limits.inlineSteps else {
      // Nothing is under way once this is done: a line that is empty now is begun anew by what comes next.
      if !gatheredLine.isEmpty { gathered[line] = gatheredLine }
      return answer(receivers, with: batch.run(answerLimit: limit), in: line)
    }
    gathered[line] = gatheredLine
    let loopBound = NIOLoopBound((self, receivers), eventLoop: eventLoop)
    let promise = eventLoop.makePromise(of: [Answer].self)
    pool.submit { state in
      gatehouse_give_way()
      let ended = [Answer](repeating: Self.ending, count: batch.predictions.count)
      promise.succeed(state == .active ? batch.run(answerLimit: limit) : ended)
    }
    promise.futureResult.whenSuccess { answers in
      let (loop, receivers) = loopBound.value
      loop.answer(receivers, with: answers, in: line)
    }
  }

  /// Tells who waited in a line, and sees to those who wait there still.
  private func answer(
    _ receivers: [any AnswerReceiver], with answers: [Answer], in line: GatheredLine.Key
  ) {
    plane.queuedPredictions.release(answers.count)
    let isUnderWay = gathered[line] != nil
    for (receiver, answer) in zip(receivers, answers) { receiver.answered(answer) }
    // In the next turn, for what the answered send next, and so that no chain of them is one deep stack.
    if isUnderWay { answerGatheredNext(line) }
  }

  private func answerGatheredNext(_ line: GatheredLine.Key) {
    let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { loopBound.value.answerGathered(line) }
  }

  // MARK: From answer to record

  /// Records an answer and has it delivered, in the order in which answers are sent.
  ///
  /// What is no request has no draft, and leaves a record all the same.
  func send(_ outgoing: OutgoingAnswer, _ draft: AccessDraft?, to receiver: any AnswerReceiver) {
    let draft = draft ?? AccessDraft(trace: plane.nextTrace())
    let salt = draft.isRecorded ? round?.salt : nil
    var outgoing = outgoing
    outgoing.answer = plane.settled(outgoing.answer, salt: salt)
    let record = draft.finished(with: outgoing.answer, salt: salt)
    let watched = outgoing.answer.watched
    outgoing.answer.watched = nil
    // What is looked at comes after what is written: in a later turn of the loop.
    defer { if let watched { watch.add(watched, at: record.time, by: record.key) } }
    plane.countAnswer()
    guard draft.isRecorded else {
      return if let round { round.add(outgoing, receiver) } else { receiver.deliver(outgoing) }
    }
    if let span = draft.span {
      outgoing.span = AnsweredRequest(span, draft, record, outgoing.answer.times)
    }
    let request = CountedRequest(
      record: record, metrics: draft.model?.metrics ?? plane.unserved, transport: draft.transport,
      isShared: draft.isShared, received: draft.received)
    if let round { return round.add(outgoing, request, whenFull: draft.whenSpoolFull, receiver) }
    plane.note(request, outgoing.answer)
    plane.end(outgoing.span, receipt: nil)
    receiver.deliver(outgoing)
  }

  // MARK: Refusals

  private static let ending = Answer.unavailable(
    "plane.ending", "the plane is ending", retryAfter: 1, closes: true)

  static let overloaded = Answer.unavailable(
    "plane.overloaded", "the plane has as much to do as it takes on", retryAfter: 1)
  private static let modelOverloaded = Answer.unavailable(
    "model.overloaded", "the model has as many predictions under way and waiting as it takes on",
    retryAfter: 1)
  static let tooManyConnections = Answer.unavailable(
    "plane.too-many-connections", "the plane has as many connections as it takes on", retryAfter: 1,
    closes: true)
}

extension Answer {
  /// The answer to a body that takes longer than `PlaneLimits.body`.
  static var bodyTimeout: Answer {
    let late = Problem(
      .badInput, "request.body-timeout", "expected the whole body in time, found it unfinished")
    return Answer(late, status: 408)
  }

  /// The answer to bytes or fields that are no request of this version of HTTP.
  static func malformed(_ version: RequestTransport.Version) -> Answer {
    let problem = Problem(
      .badInput, "request.malformed", "expected a request of HTTP/\(version.rawValue), found something else")
    return Answer(problem, closes: true)
  }

  /// The answer to a head beyond `PlaneLimits.headerBytes` or `headerFields`.
  static var headTooLarge: Answer {
    Answer(
      Problem(.tooLarge, "request.head-too-large", "expected a smaller head, found more fields or bytes"),
      status: 431, closes: true)
  }
}
