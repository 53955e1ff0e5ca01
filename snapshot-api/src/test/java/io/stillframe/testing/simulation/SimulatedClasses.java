package io.stillframe.testing.simulation;

import static java.util.Map.entry;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.commons.ClassRemapper;
import org.objectweb.asm.commons.Method;
import org.objectweb.asm.commons.Remapper;

/**
 * Loads the product's classes so that they live in a {@link Simulation}: threads, locks, waits, time and chance are replaced by its
 * own, in the very bytes that ship. A class that uses something of that kind which it does not know is refused.
 */
public final class SimulatedClasses extends ClassLoader {
    private static final String PRODUCT = "io.stillframe.";
    private static final String HERE = "io/stillframe/testing/simulation/";
    private static final String PLAIN = "io.stillframe.testing.simulation.";

    private static final Map<String, String> REPLACED = Map.ofEntries(
            entry("java/lang/Thread", HERE + "SimulatedThread"),
            entry("java/util/concurrent/ThreadFactory", HERE + "SimulatedThreadFactory"),
            entry("java/util/concurrent/CountDownLatch", HERE + "SimulatedLatch"),
            entry("java/util/concurrent/ThreadPoolExecutor", HERE + "SimulatedPool"),
            entry("java/util/concurrent/ScheduledThreadPoolExecutor", HERE + "SimulatedScheduler"),
            entry("java/util/concurrent/Executors", HERE + "SimulatedExecutors"),
            entry("java/util/concurrent/ConcurrentHashMap", HERE + "SimulatedMap"),
            entry("java/util/concurrent/ArrayBlockingQueue", HERE + "SimulatedQueue"),
            entry("java/util/concurrent/LinkedBlockingQueue", HERE + "SimulatedQueue"),
            entry("java/util/concurrent/locks/ReentrantLock", HERE + "SimulatedLock"),
            entry("java/util/concurrent/ThreadLocalRandom", HERE + "SimulatedRandom"),
            entry("java/security/SecureRandom", HERE + "SimulatedRandom"),
            entry("org/slf4j/LoggerFactory", HERE + "NoLoggers"));

    /** What never waits and knows no time. */
    private static final Set<String> HARMLESS = Set.of(
            "java/util/concurrent/TimeUnit",
            "java/util/concurrent/Executor",
            "java/util/concurrent/ExecutorService",
            "java/util/concurrent/ScheduledExecutorService",
            "java/util/concurrent/Future",
            "java/util/concurrent/ScheduledFuture",
            "java/util/concurrent/Callable",
            "java/util/concurrent/BlockingQueue",
            "java/util/concurrent/ConcurrentMap",
            "java/util/concurrent/CopyOnWriteArrayList",
            "java/util/concurrent/CopyOnWriteArraySet",
            "java/util/concurrent/ConcurrentLinkedQueue",
            "java/util/concurrent/ConcurrentHashMap$KeySetView",
            "java/util/concurrent/ExecutionException",
            "java/util/concurrent/RejectedExecutionException",
            "java/util/concurrent/TimeoutException",
            "java/util/concurrent/CancellationException",
            "java/util/concurrent/locks/Condition",
            "java/util/concurrent/locks/Lock");

    public SimulatedClasses(ClassLoader parent) {
        super(parent);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(PRODUCT) || name.startsWith(PLAIN)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            return known != null ? known : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (in == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] bytes = simulated(in.readAllBytes());
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] simulated(byte[] original) {
        ClassReader reader = new ClassReader(original);
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        ClassVisitor monitors = new Monitors(new ClassRemapper(writer, new Replacement()));
        reader.accept(monitors, ClassReader.EXPAND_FRAMES);
        return writer.toByteArray();
    }

    /** Puts the simulation's types in the place of the platform's. */
    private static final class Replacement extends Remapper {
        Replacement() {
            super(Opcodes.ASM9);
        }

        @Override
        public String map(String type) {
            String replacement = REPLACED.get(type);
            if (replacement != null) {
                return replacement;
            }
            boolean concurrent = type.startsWith("java/util/concurrent/") && !type.contains("/atomic/");
            if (concurrent && !HARMLESS.contains(type)) {
                throw new IllegalStateException("the simulation does not know " + type + "; teach it to " + HERE);
            }
            return type;
        }
    }

    /** Makes monitors and the questions for the time calls of the simulation. */
    private static final class Monitors extends ClassVisitor {
        private String type = "";

        Monitors(ClassVisitor next) {
            super(Opcodes.ASM9, next);
        }

        @Override
        public void visit(int version, int access, String name, String sign, String parent, String[] interfaces) {
            type = name;
            super.visit(version, access, name, sign, parent, interfaces);
        }

        @Override
        public MethodVisitor visitMethod(int access, String name, String descriptor, String sign, String[] thrown) {
            boolean isSynchronized = (access & Opcodes.ACC_SYNCHRONIZED) != 0;
            int plain = access & ~Opcodes.ACC_SYNCHRONIZED;
            MethodVisitor calls = new Calls(super.visitMethod(plain, name, descriptor, sign, thrown));
            if (!isSynchronized) {
                return calls;
            }
            if ((access & Opcodes.ACC_STATIC) != 0) {
                throw new IllegalStateException("a static synchronized method: " + type + "." + name);
            }
            return new Guarded(type, calls);
        }
    }

    /** Replaces instructions. */
    private static final class Calls extends MethodVisitor {
        private static final String SIMULATION = HERE + "Simulation";

        Calls(MethodVisitor next) {
            super(Opcodes.ASM9, next);
        }

        @Override
        public void visitInsn(int opcode) {
            if (opcode == Opcodes.MONITORENTER || opcode == Opcodes.MONITOREXIT) {
                String name = opcode == Opcodes.MONITORENTER ? "enter" : "exit";
                super.visitMethodInsn(Opcodes.INVOKESTATIC, SIMULATION, name, "(Ljava/lang/Object;)V", false);
            } else {
                super.visitInsn(opcode);
            }
        }

        @Override
        public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
            super.visitMethodInsn(opcode, ownerOf(owner, name), name, descriptor, isInterface);
        }

        @Override
        public void visitInvokeDynamicInsn(String name, String descriptor, Handle bootstrap, Object... arguments) {
            Object[] replaced = arguments.clone();
            for (int i = 0; i < replaced.length; i++) {
                if (replaced[i] instanceof Handle handle) {
                    replaced[i] = new Handle(
                            handle.getTag(),
                            ownerOf(handle.getOwner(), handle.getName()),
                            handle.getName(),
                            handle.getDesc(),
                            handle.isInterface());
                }
            }
            super.visitInvokeDynamicInsn(name, descriptor, bootstrap, replaced);
        }

        private static String ownerOf(String owner, String name) {
            boolean time = owner.equals("java/lang/System") && name.equals("nanoTime")
                    || owner.equals("java/time/Clock") && name.equals("systemUTC");
            if (owner.equals("java/lang/System") && name.equals("currentTimeMillis")
                    || owner.equals("java/lang/Object") && (name.equals("wait") || name.startsWith("notify"))) {
                throw new IllegalStateException("the simulation does not know " + owner + "." + name);
            }
            return time ? SIMULATION : owner;
        }
    }

    /** The body of a synchronized method, in its object's simulated monitor. */
    private static final class Guarded extends MethodVisitor {
        private static final Method ENTER = new Method("enter", "(Ljava/lang/Object;)V");
        private static final Method EXIT = new Method("exit", "(Ljava/lang/Object;)V");

        private final String type;
        private final Label start = new Label();
        private final Label end = new Label();

        Guarded(String type, MethodVisitor next) {
            super(Opcodes.ASM9, next);
            this.type = type;
        }

        @Override
        public void visitCode() {
            super.visitCode();
            call(ENTER);
            super.visitLabel(start);
        }

        @Override
        public void visitInsn(int opcode) {
            if (opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN) {
                call(EXIT);
            }
            super.visitInsn(opcode);
        }

        @Override
        public void visitMaxs(int stack, int locals) {
            super.visitLabel(end);
            super.visitTryCatchBlock(start, end, end, null);
            super.visitFrame(Opcodes.F_NEW, 1, new Object[] {type}, 1, new Object[] {"java/lang/Throwable"});
            call(EXIT);
            super.visitInsn(Opcodes.ATHROW);
            super.visitMaxs(stack, locals);
        }

        private void call(Method method) {
            super.visitVarInsn(Opcodes.ALOAD, 0);
            super.visitMethodInsn(
                    Opcodes.INVOKESTATIC,
                    Type.getInternalName(Simulation.class),
                    method.getName(),
                    method.getDescriptor(),
                    false);
        }
    }
}
