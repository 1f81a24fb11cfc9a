import ArgumentParser
import Dispatch
import Domain
import Glibc

/// The program.
@main
enum Program {
  /// Runs the command in a task, while the first thread does nothing but wait for it.
  ///
  /// An asynchronous `main` would give up the first thread instead, and with it unwind its stack; the first
  /// unwinding of a static program sorts the frame tables of the whole of it, which takes 25 ms.
  static func main() {
    let ended = DispatchSemaphore(value: 0)
    Task.detached {
      await GatehouseCommand.end()
      ended.signal()
    }
    ended.wait()
  }
}

/// The command line.
struct GatehouseCommand: AsyncParsableCommand {
  /// The version of this program and of the bundles it makes.
  static let version = "0.1.0"
  /// How bundles and images name what made them.
  static let tool = "gatehouse \(version)"

  static let configuration = CommandConfiguration(
    commandName: "gatehouse",
    abstract: "Take a trained model from a file to a governed endpoint, without running its code.",
    version: version,
    subcommands: [
      ServeCommand.self, StopCommand.self, PushCommand.self, InspectCommand.self, LiftCommand.self,
      PredictCommand.self, TestCommand.self, ModelsCommand.self, ShowCommand.self, HistoryCommand.self,
      AliasCommand.self, ApplyCommand.self, RollOutCommand.self, RollBackCommand.self, RepaveCommand.self,
      PromoteCommand.self, WatchCommand.self, FeedbackCommand.self,
      DeploymentsCommand.self, ImageCommand.self, KeysCommand.self, IssuersCommand.self, VerifyCommand.self,
      AuditCommand.self,
      DoctorCommand.self, BackupCommand.self, RestoreCommand.self, SealKeysCommand.self, RevokeCommand.self,
      RevocationsCommand.self,
      RegistryCommand.self, PolicyCommand.self, ApproveCommand.self, RefuseCommand.self, WaitingCommand.self,
      FactsCommand.self, ThreatsCommand.self, AdvisoriesCommand.self, WhoAmICommand.self,
      PrincipalsCommand.self,
      GrantsCommand.self,
      APIKeysCommand.self,
      ProvidersCommand.self, ProjectsCommand.self, WebhooksCommand.self, WitnessesCommand.self,
      AlertsCommand.self, ReceiversCommand.self, DiagnoseCommand.self,
    ])

  /// Runs a command; every way in which it can end has an exit code of the contract.
  static func end() async {
    // A reader of our output that goes away is no reason to die without a word.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let problem as Problem {
      Console.prose(problem.description)
      Glibc.exit(problem.exitCode)
    } catch let end as CommandEnd {
      Glibc.exit(end.exitCode)
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      if code.isSuccess {
        Console.data(message)
        Glibc.exit(0)
      }
      if !message.isEmpty { Console.prose(message) }
      Glibc.exit(code == .validationFailure ? 2 : code.rawValue)
    }
  }
}

/// A command that has said all there is to say and ends with this status.
struct CommandEnd: Error {
  /// The exit status: 1 findings or a failed check, 3 refused, 4 waiting, 5 integrity violated.
  let exitCode: Int32
}
