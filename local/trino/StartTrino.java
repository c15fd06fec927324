/** What the launcher of Trino's distribution does, for a server put together from the jars in Maven Central. */
public class StartTrino {
    public static void main(String[] args) {
        new io.trino.server.Server().start(args[0]);
    }
}
